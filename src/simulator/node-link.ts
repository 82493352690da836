/** A simulated agent's way to the control plane: what NodeLink does over NATS, over the virtual bus. */
import type { CommandDraft, Outcome } from '../../machines/index.ts';
import type { ControlPlaneLink, WorkList, WorkPosition } from '../agent/control-plane-link.ts';
import { CommandClient } from '../bus/command-client.ts';
import type { Timer } from '../foundation/clock.ts';
import type { BusConnection } from './virtual-bus.ts';

/** As NodeLink's. */
const WORK_REQUEST_MS = 5_000;
const WORK_REQUEST_RETRY_MS = 1_000;
const SEND_DEADLINE_MS = 10_000;

export const TOPICS = { commands: 'commands', heartbeats: 'heartbeats', workRequests: 'work-requests' } as const;

export function workTopic(node: string): string {
  return `work/${node}`;
}

const NOTHING = new Uint8Array();

export class VirtualNodeLink implements ControlPlaneLink {
  readonly node: string;
  readonly #connection: BusConnection;
  readonly #commands: CommandClient;
  readonly #onHeartbeat: (position: WorkPosition | undefined) => void;
  #askTimer: Timer | undefined;
  #isListening = false;

  /** `onHeartbeat` sees each position the agent says it is at. */
  constructor(node: string, connection: BusConnection, onHeartbeat: (position: WorkPosition | undefined) => void) {
    this.node = node;
    this.#connection = connection;
    this.#onHeartbeat = onHeartbeat;
    this.#commands = commandClient(connection, SEND_DEADLINE_MS);
    connection.onStatus((status) => {
      if (status === 'connected' && this.#isListening) this.#askForWork();
    });
  }

  connected(): boolean {
    return this.#connection.connected();
  }

  onWork(receive: (work: WorkList) => void): void {
    this.#isListening = true;
    this.#connection.subscribe(workTopic(this.node), ({ payload }) => receive(parse(payload) as WorkList));
    this.#askForWork();
  }

  async requestWork(): Promise<void> {
    await this.#connection.request(TOPICS.workRequests, this.node, NOTHING, WORK_REQUEST_MS);
  }

  send(commands: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    return this.#commands.send(commands);
  }

  heartbeat(position: WorkPosition | undefined): void {
    this.#onHeartbeat(position);
    const payload = position ? Buffer.from(JSON.stringify(position)) : NOTHING;
    this.#connection.publish(TOPICS.heartbeats, this.node, payload);
  }

  serve(): void {
    // Nobody asks for logs here.
  }

  async close(): Promise<void> {
    this.#askTimer?.cancel();
  }

  #askForWork(): void {
    this.#askTimer?.cancel();
    this.requestWork().catch(() => {
      if (!this.connected()) return;
      this.#askTimer?.cancel();
      this.#askTimer = this.#connection.process.clock.after(WORK_REQUEST_RETRY_MS, () => this.#askForWork());
    });
  }
}

/** The production client of commands over a virtual connection. */
export function commandClient(connection: BusConnection, deadlineMs?: number, seen?: () => number): CommandClient {
  return new CommandClient({
    bus: connection,
    requester: {
      request: (subject, payload, timeoutMs) =>
        connection.request(TOPICS.commands, subject, Buffer.from(payload), timeoutMs),
    },
    clock: connection.process.clock,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(seen === undefined ? {} : { seen }),
  });
}

export function parse(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
}
