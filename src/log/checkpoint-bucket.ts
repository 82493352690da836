/** Checkpoints in a NATS KV bucket beside the log's stream: JetStream keeps them as it keeps the log, and only the writer's credential may publish there. */
import type { KV, NatsConnection } from 'nats';
import type { Checkpoint, CheckpointStore } from './checkpoint.ts';
import { LogUnavailableError } from './event-log.ts';

export interface CheckpointBucketOptions {
  readonly connection: NatsConnection;
  readonly cell: string;
  /** Copies on as many servers; 1 when absent. */
  readonly replicas?: number;
}

/** Opens the bucket, making it where there is none. Rejects with LogUnavailableError. */
export async function openCheckpoints(options: CheckpointBucketOptions): Promise<CheckpointStore> {
  const { connection, cell, replicas = 1 } = options;
  const bucket = `${cell}-checkpoints`;
  return new CheckpointBucket(
    await asked(bucket, () => connection.jetstream().views.kv(bucket, { history: 1, replicas })),
    bucket,
  );
}

class CheckpointBucket implements CheckpointStore {
  readonly #kv: KV;
  readonly #bucket: string;

  constructor(kv: KV, bucket: string) {
    this.#kv = kv;
    this.#bucket = bucket;
  }

  list(): Promise<readonly Checkpoint[]> {
    return asked(this.#bucket, async () => {
      const keys: string[] = [];
      for await (const key of await this.#kv.keys()) keys.push(key);
      const found = await Promise.all(keys.map((key) => this.#get(key)));
      return found.filter((checkpoint) => checkpoint !== undefined).toSorted((one, other) => one.entry - other.entry);
    });
  }

  async add(checkpoint: Checkpoint): Promise<void> {
    await asked(this.#bucket, async () => {
      try {
        await this.#kv.create(keyOf(checkpoint), JSON.stringify(checkpoint));
      } catch (error) {
        if (!isThere(error)) throw error;
      }
    });
  }

  async #get(key: string): Promise<Checkpoint | undefined> {
    const entry = await this.#kv.get(key);
    if (entry === null || entry.operation !== 'PUT') return undefined;
    try {
      return entry.json<Checkpoint>();
    } catch {
      // Whoever checks it says that it is none.
      return { entry: Number(key.split('.').at(-1)), lineage: key.split('.')[0] } as Checkpoint;
    }
  }
}

/** One entry of one lineage has one. */
function keyOf({ lineage, entry }: Checkpoint): string {
  return `${lineage}.${entry}`;
}

/** JetStream's "wrong last sequence". */
const WRONG_LAST_SEQUENCE = 10071;

function isThere(error: unknown): boolean {
  const code = (error as { readonly api_error?: { readonly err_code?: number } }).api_error?.err_code;
  return code === WRONG_LAST_SEQUENCE;
}

async function asked<Answer>(bucket: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    throw new LogUnavailableError(`the checkpoints in ${bucket} cannot be asked for`, { cause });
  }
}
