// A function that speaks the AWS Lambda Runtime API; the contract is in ../README.md.
'use strict';

const mainNs = process.hrtime.bigint();

const http = require('node:http');
const { randomBytes } = require('node:crypto');

const address = process.env.AWS_LAMBDA_RUNTIME_API;
// Undefined with TCP, as if it were not given.
const socketPath = address?.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
const runtime = `http://${socketPath ? 'localhost' : address}/2018-06-01/runtime`;
// One connection for everything. No time-out: the next event may be a long time coming.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

async function main() {
  if (!address) throw new Error('AWS_LAMBDA_RUNTIME_API is not set');
  let instance;
  try {
    sleepIfTold();
    workIfTold();
    instance = randomBytes(8).toString('hex');
  } catch (error) {
    await postError('init', error);
    throw error;
  }

  let next = await nextEvent({
    'Coldstart-Main-Ns': mainNs,
    'Coldstart-Ready-Ns': process.hrtime.bigint(),
  });
  for (let invocation = 1; ; invocation += 1) {
    const { id, event } = next;
    let reply;
    try {
      reply = handle(event, instance, invocation);
    } catch (error) {
      await postError(`invocation/${id}`, error);
    }
    if (reply) await call('POST', `invocation/${id}/response`, reply);
    next = await nextEvent();
  }
}

// Sleeps COLDSTART_INIT_SLEEP_MS milliseconds, for calibration. Atomics.wait
// really blocks; a timer counts from the last turn of the event loop.
function sleepIfTold() {
  const ms = told('COLDSTART_INIT_SLEEP_MS');
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

// Keeps a processor busy for COLDSTART_INIT_WORK_MS milliseconds.
function workIfTold() {
  const us = told('COLDSTART_INIT_WORK_MS') * 1000;
  if (us === 0) return;
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system >= us) return;
  }
}

function told(name) {
  const text = process.env[name] ?? '0';
  if (!/^[0-9]{1,9}$/.test(text)) {
    throw new InvalidConfig(`${name} is not a whole number: '${text}'`);
  }
  return Number(text);
}

// Echoes the event byte for byte, with the proof of temperature around it.
function handle(event, instance, invocation) {
  JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(event));
  const proof = `{"instance":"${instance}","invocation":${invocation},"echo":`;
  return Buffer.concat([Buffer.from(proof), event, Buffer.from('}')]);
}

async function nextEvent(headers = {}) {
  const { response, body } = await call('GET', 'invocation/next', null, headers);
  return { id: response.headers['lambda-runtime-aws-request-id'], event: body };
}

function postError(what, error) {
  const errorType = `Runtime.${error.name}`;
  const text = JSON.stringify({ errorMessage: error.message, errorType, stackTrace: [] });
  const headers = { 'Lambda-Runtime-Function-Error-Type': errorType };
  return call('POST', `${what}/error`, Buffer.from(text), headers);
}

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { method, agent, headers, socketPath };
    if (body) options.headers['Content-Length'] = body.length;
    const request = http.request(`${runtime}/${path}`, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode < 300) resolve({ response, body: Buffer.concat(chunks) });
        else reject(new Error(`${method} ${path} was answered with ${response.statusCode}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

// What the environment asks for makes no sense.
class InvalidConfig extends Error {
  name = 'InvalidConfig';
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
