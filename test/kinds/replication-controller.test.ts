/** Rules of the ReplicationController kind: its manifest, its machine and what people see. */
import { describe, expect, test } from 'vitest';
import { kinds, type Kind } from '../../machines/index.ts';
import { Cell } from '../support/cell.ts';
import { createWeb, web, webManifest } from '../support/workload.ts';

const kind = kinds.get('ReplicationController') as Kind;
const on = (verb: string, args: object = {}) => ({
  kind: 'ReplicationController',
  name: 'web',
  verb,
  arguments: args,
});
const patch = (given: object) => on('patch', { patch: given });
const report = (replicas: number, availableReplicas: number) => on('reportStatus', { replicas, availableReplicas });

function refuse(spec: object): string {
  return Cell.begin().refusal(on('create', { manifest: webManifest(spec) })).message;
}

function lastEvents(cell: Cell): readonly string[] {
  return cell.changes.at(-1)?.commit.events.map(({ type }) => type.replace('ReplicationController', '')) ?? [];
}

describe('the manifest', () => {
  test('has one replica, and selector and labels of its template, where it does not say', () => {
    const cell = Cell.begin();
    createWeb(cell, { replicas: undefined });
    const { spec, metadata, status } = web(cell).context;
    expect(spec).toMatchObject({ replicas: 1, selector: { app: 'web' } });
    expect(metadata).toMatchObject({ labels: { app: 'web' }, generation: 1 });
    expect(status).toEqual({ replicas: 0 });
  });

  test('keeps labels and selector it has', () => {
    const cell = Cell.begin();
    const template = {
      metadata: { labels: { app: 'web', tier: 'front' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const given = webManifest({ selector: { tier: 'front' }, template, minReadySeconds: 5 }) as { metadata: object };
    cell.create('ReplicationController', { ...given, metadata: { name: 'web', labels: { a: 'b' } } });
    expect(web(cell).context.metadata.labels).toEqual({ a: 'b' });
    expect(web(cell).context.spec).toMatchObject({ selector: { tier: 'front' }, minReadySeconds: 5 });
  });

  test.each([
    [
      'a selector that does not match its template',
      { selector: { app: 'db' } },
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    ['a negative number', { replicas: -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      'negative minReadySeconds',
      { minReadySeconds: -1 },
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['no template', { template: undefined, selector: { a: 'b' } }, 'spec.template: Required value'],
    [
      'nothing to select by',
      { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
      'spec.selector: Required value',
    ],
    [
      'a restart policy other than Always',
      {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
        },
      },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ])('is refused with %s', (_what, spec, message) => {
    expect(refuse(spec)).toContain(message);
  });

  test('is refused with a template no pod could be made of, naming the field', () => {
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [] } };
    expect(refuse({ template })).toContain('spec.template.spec.containers');
  });

  test('is refused with a field that does not exist', () => {
    expect(refuse({ replica: 3 })).toContain('unknown field "spec.replica"');
  });
});

describe('the machine', () => {
  /** Commands that bring a controller of 3 into each state. */
  const paths = {
    scaling: [],
    degraded: [report(3, 1)],
    steady: [report(3, 3)],
  } as const;
  const states = Object.keys(paths) as (keyof typeof paths)[];

  function inState(state: keyof typeof paths, metadata: object = {}): Cell {
    const cell = Cell.begin();
    const manifest = webManifest() as { metadata: object };
    cell.create('ReplicationController', { ...manifest, metadata: { ...manifest.metadata, ...metadata } });
    for (const command of paths[state]) cell.accept(command);
    expect(web(cell).value).toBe(state);
    return cell;
  }

  const steps = [
    ['a label changes', patch({ metadata: { labels: { a: 'b' } } }), 'Changed', undefined],
    ['it is scaled', on('scale', { replicas: 5 }), 'Scaled', 'scaling'],
    ['pods are counted and some are missing', report(2, 2), 'Progressed', 'scaling'],
    ['pods are counted and some are not available', report(3, 2), 'Degraded', 'degraded'],
    [
      'pods are counted and all are available',
      on('reportStatus', { replicas: 3, availableReplicas: 3, observedGeneration: 9 }),
      'Settled',
      'steady',
    ],
  ] as const;

  for (const state of states) {
    test.each(steps)(
      `when it is ${state} and %s, that is an event and decides the state`,
      (_what, command, event, next) => {
        const cell = inState(state);
        cell.accept(command);
        expect(lastEvents(cell)).toEqual([event]);
        expect(web(cell).value).toBe(next ?? state);
      },
    );

    test(`when it is ${state} it can be deleted at once`, () => {
      const cell = inState(state);
      cell.accept(on('delete'));
      expect(cell.find('ReplicationController', 'web')).toBeUndefined();
    });

    test(`when it is ${state} and a finalizer holds it, it is deleting until that is off`, () => {
      const cell = inState(state, { finalizers: ['x.io/y'] });
      cell.accept(on('delete'));
      expect(web(cell).context.metadata.deletionTimestamp).toBeDefined();
      cell.accept(patch({ metadata: { finalizers: [] } }));
      expect(cell.find('ReplicationController', 'web')).toBeUndefined();
    });
  }

  test('while it is being deleted it can be scaled, counted and asked again, and stays deleting', () => {
    const cell = inState('steady', { finalizers: ['x.io/y'] });
    cell.accept(on('delete'));
    for (const command of [
      on('scale', { replicas: 0 }),
      report(1, 1),
      report(0, 0),
      on('delete', { propagationPolicy: 'Orphan' }),
    ]) {
      cell.accept(command);
      expect(web(cell).value).toBe('deleting');
    }
    expect(web(cell).context).toMatchObject({ spec: { replicas: 0 }, status: { replicas: 0 } });
    cell.accept(patch({ metadata: { finalizers: [] } }));
    expect(cell.find('ReplicationController', 'web')).toBeUndefined();
  });
});

describe('scaling', () => {
  test('is told with the number before and after, and counts as a generation', () => {
    const cell = Cell.begin();
    createWeb(cell);
    cell.accept(on('scale', { replicas: 5 }));
    expect(cell.changes.at(-1)?.commit.events[0]?.data).toMatchObject({ from: 3, to: 5 });
    expect(web(cell).context).toMatchObject({ spec: { replicas: 5 }, metadata: { generation: 2 } });
  });

  test.each([
    ['a patch', patch({ spec: { replicas: 5 } })],
    ['a replacement', on('replace', { manifest: webManifest({ replicas: 5 }) })],
  ])('by %s is the same event', (_how, command) => {
    const cell = Cell.begin();
    createWeb(cell);
    cell.accept(command);
    expect(lastEvents(cell)).toEqual(['Scaled']);
    expect(web(cell).context.spec.replicas).toBe(5);
  });

  test('to the number it has changes nothing; to a negative one is refused', () => {
    const cell = Cell.begin();
    createWeb(cell);
    expect(cell.send(on('scale', { replicas: 3 })).outcome).toBe('unchanged');
    expect(cell.refusal(on('scale', { replicas: -1 })).reason).toBe('Invalid');
    expect(cell.refusal(on('scale', { replicas: -1 })).message).toContain('replicas');
  });

  test('a status that is so already changes nothing, and one in a manifest is ignored', () => {
    const cell = Cell.begin();
    createWeb(cell);
    cell.accept(report(3, 3));
    expect(cell.send(report(3, 3)).outcome).toBe('unchanged');
    expect(cell.send(patch({ status: { replicas: 9 } })).outcome).toBe('unchanged');
  });
});

describe('what people see', () => {
  test('the table shows what kubectl shows', () => {
    const cell = Cell.begin();
    createWeb(cell);
    cell.accept(on('reportStatus', { replicas: 2, readyReplicas: 1 }));
    const row = Object.fromEntries(
      kind.columns.map((column) => [column.name, column.cell(web(cell), cell.now + 5000)]),
    );
    expect(row).toEqual({
      NAME: 'web',
      DESIRED: '3',
      CURRENT: '2',
      READY: '1',
      AGE: '5s',
      CONTAINERS: 'main',
      IMAGES: 'demo:1',
      SELECTOR: 'app=web',
    });
  });
});
