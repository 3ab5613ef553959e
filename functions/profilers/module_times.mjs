// Tells what each CommonJS module and each built-in one took to load, in the order in which
// they end: a module stands behind all that it loaded. Lines go out when nothing is loading
// above the second level, so that writing them is in no module's time but that one's.
import Module from 'node:module';
import { writeSync } from 'node:fs';

const { _load } = Module;
const { load } = Module.prototype;
const loading = [];
const builtins = new Set();
let lines = '';

const tell = () => {
  try {
    writeSync(2, lines);
  } catch {
    // Nobody listens, or not now: the function must not fail for it.
  }
  lines = '';
};

// What is asked for: by whatever name, loaded already or not.
Module._load = function (request, ...rest) {
  const module = { file: undefined, below: 0n };
  const began = process.hrtime.bigint();
  loading.push(module);
  try {
    return _load.call(this, request, ...rest);
  } finally {
    const took = process.hrtime.bigint() - began;
    loading.pop();
    const above = loading.at(-1);
    if (above) above.below += took;
    const name = module.file ?? first(request);
    if (name) {
      const indent = '  '.repeat(loading.length);
      lines += `module time: ${(took - module.below) / 1000n} | ${took / 1000n} | ${indent}${name}\n`;
    }
    if (lines && loading.length < 2) tell();
  }
};

// What is loaded from a file: once each.
Module.prototype.load = function (file) {
  const asked = loading.at(-1);
  if (asked) asked.file ??= file;
  return load.call(this, file);
};

const first = (request) => {
  const name = String(request);
  if (!Module.isBuiltin(name) || builtins.has(name)) return undefined;
  builtins.add(name);
  return name;
};

process.on('exit', tell);
