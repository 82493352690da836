/** The gateway's door: what the cell starts and the command line reads. */
export { DEFAULT_PORT, startGateway, type GatewayOptions, type RunningGateway } from './gateway.ts';
