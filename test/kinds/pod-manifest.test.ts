/** Rules of a pod's manifest: defaults, Kubernetes' validation in its words, and fields that are refused by name. */
import { describe, expect, test } from 'vitest';
import { preparePodTemplate, type PodSpec } from '../../machines/pod/index.ts';
import { given } from '../support/given.ts';
import { created, podAfter } from '../support/pod.ts';

function specOf(spec: object): PodSpec {
  return podAfter(given().when(created(spec)).thenEvents('PodCreated')).context.spec;
}

function container(more: object): object {
  return { containers: [{ name: 'main', image: 'demo:1', ...more }] };
}

function refused(spec: object, words: string): void {
  given().when(created(spec)).thenRefused('Invalid', words);
}

describe('defaults', () => {
  test('are those of Kubernetes', () => {
    expect(specOf({})).toEqual({
      containers: [{ name: 'main', image: 'demo:1', imagePullPolicy: 'IfNotPresent', resources: {} }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    });
  });

  test.each([
    ['demo', 'Always'],
    ['demo:latest', 'Always'],
    ['localhost:5000/demo', 'Always'],
    ['demo:1', 'IfNotPresent'],
    ['localhost:5000/demo:1', 'IfNotPresent'],
    ['demo@sha256:0123', 'IfNotPresent'],
  ])('image %s is pulled %s', (image, policy) => {
    expect(specOf(container({ image })).containers[0]?.imagePullPolicy).toBe(policy);
  });

  test('a port is TCP, and requests are the limits', () => {
    const resources = { limits: { cpu: 0.5, memory: '1024Mi' }, requests: { cpu: '100m' } };
    expect(specOf(container({ ports: [{ containerPort: 80 }], resources })).containers[0]).toMatchObject({
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
    });
  });

  test('what is given is kept', () => {
    const spec = {
      containers: [
        {
          name: 'main',
          image: 'demo:1',
          imagePullPolicy: 'Never',
          command: ['sh'],
          args: ['-c', 'true'],
          workingDir: '/srv',
          env: [{ name: 'A', value: 'b' }, { name: 'EMPTY' }],
          ports: [{ name: 'http', containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1', protocol: 'UDP' }],
          resources: {},
          volumeMounts: [{ name: 'work', mountPath: '/work', readOnly: true }],
        },
      ],
      volumes: [
        { name: 'work', emptyDir: {} },
        { name: 'host', hostPath: { path: '/srv', type: 'Directory' } },
      ],
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 5,
      nodeSelector: { disk: 'fast' },
      nodeName: 'n1',
      hostname: 'web',
      tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }],
      imagePullSecrets: [{ name: 'registry' }],
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    };
    expect(specOf(spec)).toEqual(spec);
  });

  test.each([
    ['BestEffort', {}],
    ['Burstable', { requests: { cpu: 1 } }],
    ['Burstable', { limits: { cpu: 1 } }],
    ['Guaranteed', { limits: { cpu: 1, memory: '1Gi' } }],
  ])('the quality of service is %s for %j', (qosClass, resources) => {
    const then = given().when(created(container({ resources })));
    expect(podAfter(then).context.status.qosClass).toBe(qosClass);
  });
});

describe('what Kubernetes refuses', () => {
  const missing = 'Required value';
  const label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'";

  test.each([
    ['spec.containers: Required value', { containers: [] }],
    ['spec.containers[0].image: Required value', { containers: [{ name: 'main' }] }],
    [
      'spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
      container({ image: ' x' }),
    ],
    ['spec.containers[0].name: Required value', container({ name: '' })],
    [`spec.containers[0].name: Invalid value: "Main": ${label}`, container({ name: 'Main' })],
    ['spec.containers[1].name: Duplicate value: "a"', { containers: ['a', 'a'].map((name) => ({ name, image: 'x' })) }],
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      container({ imagePullPolicy: 'Sometimes' }),
    ],
    ['spec.containers[0].env[0].name: Required value', container({ env: [{ name: '' }] })],
    [
      'spec.containers[0].env[0].name: Invalid value: "1A": a valid environment variable name',
      container({ env: [{ name: '1A' }] }),
    ],
    [
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      { restartPolicy: 'Sometimes' },
    ],
    [
      'spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0',
      { terminationGracePeriodSeconds: -1 },
    ],
    ['spec.nodeSelector: Invalid value: "a b"', { nodeSelector: { 'a b': 'c' } }],
    ['spec.nodeName: Invalid value: "N1": a lowercase RFC 1123 subdomain', { nodeName: 'N1' }],
    [`spec.hostname: Invalid value: "a.b": ${label}`, { hostname: 'a.b' }],
    ['spec.imagePullSecrets[0].name: Required value', { imagePullSecrets: [{ name: '' }] }],
    ['spec.dnsPolicy: Unsupported value: "None": supported values: "ClusterFirst"', { dnsPolicy: 'None' }],
  ])('%s', (words, spec) => refused(spec, words));

  test.each([
    [missing, { containerPort: 0 }, 'containerPort'],
    ['Invalid value: 65536: must be between 1 and 65535, inclusive', { containerPort: 65536 }, 'containerPort'],
    ['Invalid value: -1: must be between 1 and 65535, inclusive', { containerPort: 1, hostPort: -1 }, 'hostPort'],
    ['Invalid value: "host": must be a valid IP address', { containerPort: 1, hostIP: 'host' }, 'hostIP'],
    [
      'Invalid value: "a-much-too-long-n": must be no more than 15 characters',
      { containerPort: 1, name: 'a-much-too-long-n' },
      'name',
    ],
    [
      'Invalid value: "A": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      { containerPort: 1, name: 'A' },
      'name',
    ],
    ['Invalid value: "80": must contain at least one letter (a-z)', { containerPort: 1, name: '80' }, 'name'],
    ['Invalid value: "a--b": must not contain consecutive hyphens', { containerPort: 1, name: 'a--b' }, 'name'],
    ['Invalid value: "-a": must not begin or end with a hyphen', { containerPort: 1, name: '-a' }, 'name'],
    ['Unsupported value: "SCTP": supported values: "TCP", "UDP"', { containerPort: 1, protocol: 'SCTP' }, 'protocol'],
  ])('a port: %s', (words, port, field) => {
    refused(container({ ports: [port] }), `spec.containers[0].ports[0].${field}: ${words}`);
  });

  test('a port’s name or host port twice', () => {
    const twice = (port: object) => container({ ports: [port, port] });
    refused(twice({ containerPort: 80, name: 'http' }), 'spec.containers[0].ports[1].name: Duplicate value: "http"');
    refused(
      twice({ containerPort: 80, hostPort: 80 }),
      'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
    );
    expect(
      specOf(
        container({
          ports: [
            { containerPort: 1, hostIP: '::1' },
            { containerPort: 1, hostIP: '2001:db8::ff' },
          ],
        }),
      ),
    ).toBeDefined();
  });

  test.each([
    ['limits.cpu: Invalid value: "abc": quantities must match the regular expression', { limits: { cpu: 'abc' } }],
    ['requests.memory: Invalid value: "-1": must be greater than or equal to 0', { requests: { memory: '-1' } }],
    [
      'requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      { requests: { cpu: 2 }, limits: { cpu: 1 } },
    ],
    ['limits.ephemeral-storage: Forbidden: not acted on by this version', { limits: { 'ephemeral-storage': '1Gi' } }],
  ])('resources: %s', (words, resources) => {
    refused(container({ resources }), `spec.containers[0].resources.${words}`);
  });

  test.each([
    ['volumes[0].name: Required value', [{ name: '', emptyDir: {} }], []],
    ['volumes[0]: Required value: must specify a volume type', [{ name: 'a' }], []],
    [
      'volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
      [{ name: 'a', emptyDir: {}, hostPath: { path: '/a' } }],
      [],
    ],
    ['volumes[0].hostPath.path: Required value', [{ name: 'a', hostPath: { path: '' } }], []],
    [
      'volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      [{ name: 'a', hostPath: { path: '/a/../b' } }],
      [],
    ],
    [
      'volumes[1].name: Duplicate value: "a"',
      [
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
      [],
    ],
    [
      'volumes[0].persistentVolumeClaim: Forbidden: not acted on by this version of Periplus',
      [{ name: 'a', persistentVolumeClaim: {} }],
      [],
    ],
    ['containers[0].volumeMounts[0].name: Required value', [], [{ name: '', mountPath: '/a' }]],
    ['containers[0].volumeMounts[0].name: Not found: "a"', [], [{ name: 'a', mountPath: '/a' }]],
    [
      'containers[0].volumeMounts[0].mountPath: Required value',
      [{ name: 'a', emptyDir: {} }],
      [{ name: 'a', mountPath: '' }],
    ],
    [
      'containers[0].volumeMounts[0].mountPath: Invalid value: "/a:b": must not contain \':\'',
      [{ name: 'a', emptyDir: {} }],
      [{ name: 'a', mountPath: '/a:b' }],
    ],
    [
      'containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
      [{ name: 'a', emptyDir: {} }],
      [
        { name: 'a', mountPath: '/a' },
        { name: 'a', mountPath: '/a' },
      ],
    ],
  ])('volumes: %s', (words, volumes, volumeMounts) => {
    refused({ ...container({ volumeMounts }), volumes }, `spec.${words}`);
  });

  test.each([
    ['key: Invalid value: "a b"', { key: 'a b', operator: 'Exists' }],
    ['operator: Invalid value: "Equal": operator must be Exists when `key` is empty', { value: 'x' }],
    [
      'operator: Invalid value: {"key":"a","operator":"Exists","value":"x"}: value must be empty when `operator` is \'Exists\'',
      { key: 'a', operator: 'Exists', value: 'x' },
    ],
    [
      'effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      { key: 'a', operator: 'Exists', tolerationSeconds: 1 },
    ],
  ])('a toleration: %s', (words, toleration) => {
    refused({ tolerations: [toleration] }, `spec.tolerations[0].${words}`);
  });
});

describe('fields', () => {
  test.each([
    'initContainers',
    'affinity',
    'hostNetwork',
    'securityContext',
    'serviceAccountName',
    'shareProcessNamespace',
  ])('%s of Kubernetes is refused by its name rather than ignored', (field) =>
    refused({ [field]: {} }, `spec.${field}: Forbidden: not acted on by this version of Periplus`),
  );

  test.each(['livenessProbe', 'readinessProbe', 'lifecycle', 'envFrom', 'tty', 'terminationMessagePath'])(
    '%s of a container is, too',
    (field) => refused(container({ [field]: 'x' }), `spec.containers[0].${field}: Forbidden: not acted on`),
  );

  test('one that does not exist is told with its path', () => {
    given()
      .when(created(container({ imgae: 'x' })))
      .thenRefused('BadRequest', 'unknown field "spec.containers[0].imgae"');
  });
});

describe('a template', () => {
  const containers = [{ name: 'main', image: 'demo:1' }];

  test('is completed as a pod is, and keeps labels and annotations only', () => {
    const metadata = { labels: { a: 'b' }, annotations: { c: 'd' }, creationTimestamp: null };
    const prepared = preparePodTemplate({ metadata, spec: { containers } }, 'spec.template');
    expect(prepared).toMatchObject({
      template: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { restartPolicy: 'Always' } },
    });
    expect(prepared).not.toHaveProperty('template.metadata.creationTimestamp');
  });

  test('tells what is wrong where it stands', () => {
    const bad = { metadata: { labels: { a: '!' } }, spec: { containers: [{ name: 'main' }] } };
    const { errors } = preparePodTemplate(bad, 'spec.template') as {
      readonly errors: readonly { readonly field: string }[];
    };
    expect(errors.map(({ field }) => field)).toEqual([
      'spec.template.metadata.labels',
      'spec.template.spec.containers[0].image',
    ]);
    expect(preparePodTemplate({ ...bad, spec: { containers } }, 'spec.template')).toHaveProperty('errors');
  });
});
