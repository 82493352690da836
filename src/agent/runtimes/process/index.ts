/** The door of the process runtime. */
export { createProcessRuntime } from './runtime.ts';
export type { ProcessRuntimeOptions } from './runtime.ts';
export type { Isolation } from './machine.ts';
