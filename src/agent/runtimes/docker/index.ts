/** The door of the Docker runtime. */
export { createDockerRuntime } from './runtime.ts';
export type { DockerRuntimeOptions } from './runtime.ts';
export { STARTS_IN_FLIGHT_MAX } from './engine-turns.ts';
