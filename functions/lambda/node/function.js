// A function on the official client for Node.js; the contract is in ../../README.md.
'use strict';

const { randomBytes } = require('node:crypto');

const instance = randomBytes(8).toString('hex');
let invocation = 0;

// Echoes the event, with the proof of temperature around it; fails where it is asked to.
exports.handler = async (event) => {
  invocation += 1;
  if (event.fail) throw new Error('the event asks for a failure');
  return { instance, invocation, echo: event };
};
