/** Kubernetes' object model as a person meets it at the command line, on a whole cell. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine } from '../support/real-command-line.ts';

interface Metadata {
  readonly name?: string;
  readonly [field: string]: unknown;
}

const configMap = (metadata: Metadata, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  ...rest,
});

const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'refused' }, spec });

/** What apply says of the fleet's three objects. */
const fleet = (word: string) => `namespace/fleet ${word}\nconfigmap/course ${word}\nconfigmap/crew ${word}\n`;

describe('objects', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start({ runtime: 'hollow' });
    line = new RealCommandLine(cell);
  });

  afterAll(() => cell?.dispose());

  /** What apply complains of. */
  async function complaint(manifest: string | object): Promise<string> {
    const input = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    const said = await line.run('apply -f -', { input });
    expect(said).toMatchObject({ exitCode: 1, output: '' });
    return said.errors.trimEnd();
  }

  const metadataOf = async (name: string, ...more: string[]): Promise<Metadata> =>
    (JSON.parse(await line.output(['get', 'cm', name, '-o', 'json', ...more])) as { metadata: Metadata }).metadata;

  async function untilGone(kind: string, name: string, ...more: string[]): Promise<void> {
    await cell.eventually(`${kind} ${name} is gone`, async () =>
      expect((await line.run(['get', kind, name, ...more])).errors).toMatch(/NotFound/),
    );
  }

  /** An object and one it owns, NAME-child. */
  async function family(name: string): Promise<void> {
    await line.apply(configMap({ name }));
    const { uid } = await metadataOf(name);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
    await line.apply(configMap({ name: `${name}-child`, ownerReferences }));
  }

  test('one file may hold many documents; applying them again changes nothing', async () => {
    const text = [
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: fleet\n',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: course\n  namespace: fleet\ndata:\n  heading: "270"\n',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: crew\n    namespace: fleet\n',
    ].join('---\n');
    expect(await line.apply(text)).toBe(fleet('created'));
    expect(await line.apply(text)).toBe(fleet('unchanged'));
    expect(await line.apply(text.replace('270', '90'))).toContain('configmap/course configured\n');
    expect(await line.output('get cm course -n fleet -o yaml')).toContain('data:\n  heading: "90"\n');
  });

  test('generateName makes a name of its own each time', async () => {
    const manifest = configMap({ generateName: 'entry-' });
    const made = `${await line.apply(manifest)}${await line.apply(manifest)}`;
    expect(made).toMatch(/^configmap\/entry-[a-z0-9]{5} created\nconfigmap\/entry-[a-z0-9]{5} created\n$/);
    expect(new Set(made.trim().split('\n')).size).toBe(2);
  });

  describe('selectors', () => {
    beforeAll(() =>
      line.apply(
        configMap({ name: 'red', labels: { set: 'colours', colour: 'red' } }),
        configMap({ name: 'blue', labels: { set: 'colours', colour: 'blue', 'example.com/deep': '' } }),
        configMap({ name: 'none', labels: { set: 'colours' } }),
      ),
    );

    test.each([
      ['colour=red', ['red']],
      ['colour==red', ['red']],
      ['colour!=red', ['blue', 'none']],
      ['colour in (red,blue)', ['blue', 'red']],
      ['colour notin (red)', ['blue', 'none']],
      ['colour', ['blue', 'red']],
      ['!colour', ['none']],
      ['colour,example.com/deep=', ['blue']],
      ['colour in (red, green),!example.com/deep', ['red']],
    ])('-l %s', async (selector, names) => {
      const found = await line.output(['get', 'cm', '-l', `set=colours,${selector}`, '-o', 'name']);
      expect(found).toBe(names.map((name) => `configmap/${name}\n`).join(''));
    });

    test('that are none are refused', async () => {
      const said = await line.run(['get', 'cm', '-l', 'colour in (red']);
      expect(said).toMatchObject({ exitCode: 1, output: '' });
      expect(said.errors).toContain('unable to parse requirement');
    });
  });

  describe('what is refused', () => {
    const containers = [{ name: 'c', image: 'i' }];

    test.each([
      [
        'an upper-case name',
        configMap({ name: 'Bad' }),
        /ConfigMap "Bad" is invalid: metadata\.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of/,
      ],
      [
        'a namespace with a dot',
        { kind: 'Namespace', metadata: { name: 'a.b' } },
        /metadata\.name: Invalid value: "a\.b": a lowercase RFC 1123 label must consist of/,
      ],
      ['no name', configMap({}), /metadata\.name: Required value: name or generateName is required/],
      [
        'a label’s value',
        configMap({ name: 'a', labels: { a: 'b c' } }),
        /metadata\.labels: Invalid value: "b c": a valid label must be/,
      ],
      [
        'a finalizer without a domain',
        configMap({ name: 'a', finalizers: ['mine'] }),
        /metadata\.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified/,
      ],
      [
        'a namespace that is not there',
        configMap({ name: 'a', namespace: 'nowhere' }),
        /^Error from server \(NotFound\): namespaces "nowhere" not found$/,
      ],
      [
        'a kind that is none',
        { kind: 'pods', metadata: { name: 'a' } },
        /^error: no matches for kind "pods" in version "v1"$/,
      ],
      [
        'another version',
        { apiVersion: 'v2', kind: 'Pod', metadata: { name: 'a' } },
        /^error: no matches for kind "Pod" in version "v2"$/,
      ],
      [
        'unknown fields, each with its path',
        pod({ containers: [{ ...containers[0], imag: 1 }], sails: {} }),
        /^Error from server \(BadRequest\): Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec\.sails", unknown field "spec\.containers\[0\]\.imag"$/,
      ],
      [
        'Kubernetes’ fields that are not acted on, by name',
        pod({ containers, hostNetwork: true }),
        /^Error from server \(Invalid\): Pod "refused" is invalid: spec\.hostNetwork: Forbidden: not acted on by this version of Periplus$/,
      ],
      [
        'another volume source',
        pod({ containers, volumes: [{ name: 'v', nfs: {} }] }),
        /spec\.volumes\[0\]\.nfs: Forbidden: not acted on/,
      ],
      [
        'a value that is not one of a few',
        pod({ containers, restartPolicy: 'Maybe' }),
        /spec\.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"$/,
      ],
      ['a pod without containers', pod({ containers: [] }), /spec\.containers: Required value$/],
      [
        'a value of another type',
        configMap({ name: 'a', labels: { n: 1 } }),
        /metadata\.labels\.n: Invalid value: 1: must be string$/,
      ],
    ] as [string, object, RegExp][])('%s', async (_, manifest, sentence) => {
      expect(await complaint(manifest)).toMatch(sentence);
    });

    test('of several documents, only the wrong ones', async () => {
      const documents = [configMap({ name: 'right' }), configMap({ name: 'Wrong' })];
      const said = await line.run('apply -f -', { input: documents.map((one) => JSON.stringify(one)).join('\n---\n') });
      expect(said).toMatchObject({ exitCode: 1, output: 'configmap/right created\n' });
      expect(said.errors).toContain('"Wrong" is invalid');
    });
  });

  test('a resourceVersion that is not the newest is a conflict', async () => {
    await line.apply(configMap({ name: 'versioned' }, { data: { a: '1' } }));
    const { resourceVersion } = await metadataOf('versioned');
    await line.apply(configMap({ name: 'versioned', resourceVersion }, { data: { a: '2' } }));
    expect(await complaint(configMap({ name: 'versioned', resourceVersion }, { data: { a: '3' } }))).toBe(
      'Error from server (Conflict): Operation cannot be fulfilled on configmaps "versioned": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test('a finalizer holds an object that is being deleted until it is taken off', async () => {
    await line.apply(configMap({ name: 'held', finalizers: ['example.com/hold'] }));
    expect(await line.output('delete cm held --wait=false')).toBe('configmap "held" deleted\n');
    expect(await metadataOf('held')).toMatchObject({
      deletionTimestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      finalizers: ['example.com/hold'],
    });
    const client = await cell.client();
    await expect(
      client.patch('ConfigMap', 'held', { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
    ).rejects.toThrow('no new finalizers can be added if the object is being deleted');
    await client.patch('ConfigMap', 'held', { metadata: { finalizers: [] } });
    expect((await line.run('get cm held')).errors).toBe('Error from server (NotFound): configmaps "held" not found\n');
  });

  describe('what an object owns', () => {
    test('is deleted after it', async () => {
      await family('parent');
      await line.output('delete cm parent');
      await untilGone('cm', 'parent-child');
    });

    test('is left behind where that is asked for', async () => {
      await family('leaver');
      await line.output('delete cm leaver --cascade orphan');
      expect(await metadataOf('leaver-child')).not.toHaveProperty('ownerReferences');
    });

    test('goes first where that is asked for', async () => {
      await family('waiter');
      await line.output('delete cm waiter --cascade foreground');
      expect((await line.run('get cm waiter-child')).exitCode).toBe(1);
    });

    test('cannot be owned by what never was', async () => {
      const uid = '00000000-0000-4000-8000-000000000000';
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid }];
      await line.apply(configMap({ name: 'foundling', ownerReferences }));
      await untilGone('cm', 'foundling');
    });
  });

  describe('namespaces', () => {
    test('keep names apart, and take with them what is in them', async () => {
      await line.apply({ kind: 'Namespace', metadata: { name: 'brief' } });
      const containers = [{ name: 'c', image: 'any' }];
      const labels = { app: 'inside' };
      // Its finalizer holds the namespace, which would otherwise be gone before it can be seen going.
      const held = configMap({ name: 'same', namespace: 'brief', finalizers: ['example.com/hold'] });
      await line.apply(held, configMap({ name: 'same' }), {
        kind: 'ReplicationController',
        metadata: { name: 'inside', namespace: 'brief' },
        spec: { replicas: 2, selector: labels, template: { metadata: { labels }, spec: { containers } } },
      });
      await cell.eventually('two pods run', async () =>
        expect((await line.output('get pods -n brief --no-headers')).match(/ Running /g)).toHaveLength(2),
      );
      expect(await line.output('get cm -A --no-headers')).toMatch(/^brief +same /m);
      await line.output('delete ns brief --wait=false');
      expect(await complaint(configMap({ name: 'late', namespace: 'brief' }))).toContain(
        'unable to create new content in namespace brief because it is being terminated',
      );
      const client = await cell.client();
      await client.patch('ConfigMap', 'same', { metadata: { finalizers: [] } }, { namespace: 'brief' });
      await untilGone('ns', 'brief');
      expect((await line.run('get pods,rc,cm -n brief')).errors).toBe('No resources found in brief namespace.\n');
      expect(await line.output('get cm same -o name')).toBe('configmap/same\n');
    });

    test.each(['default', 'kube-system'])('%s stays', async (name) => {
      expect(await line.run(['delete', 'ns', name])).toEqual({
        exitCode: 1,
        output: '',
        errors: `Error from server (Forbidden): namespaces "${name}" is forbidden: this namespace may not be deleted\n`,
      });
    });
  });
});
