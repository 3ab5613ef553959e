// What a start-up snapshot of function.js is built from: its code is read and compiled here, and
// run when the snapshot is started. The modules that it requires are loaded then: in Node.js 20
// `node:http` cannot be in a snapshot.
'use strict';

const { readFileSync } = require('node:fs');
const { startupSnapshot } = require('node:v8');

const code = readFileSync('/function/function.js', 'utf8');
const run = new Function('require', 'process', code);

startupSnapshot.setDeserializeMainFunction(() => {
  // Only what was started from the snapshot says so.
  if (process.env.COLDSTART_VARIANT === 'told') console.log('started from a snapshot');
  run(require, process);
});
