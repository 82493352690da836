/** The manifests benchmarks send: pods of one container, alone or kept by a ReplicationController. */

const GRACE_SECONDS = 1;

function podSpec(image: string) {
  return {
    containers: [
      {
        name: 'main',
        image,
        imagePullPolicy: 'IfNotPresent' as const,
        command: ['sleep', '3600'],
        resources: { requests: { cpu: '10m', memory: '16Mi' } },
      },
    ],
    terminationGracePeriodSeconds: GRACE_SECONDS,
  };
}

export function podManifest(name: string, image = 'busybox:local') {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: podSpec(image) };
}

export function replicationController(name: string, replicas: number, image = 'busybox:local') {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { app: name },
      template: { metadata: { labels: { app: name } }, spec: podSpec(image) },
    },
  };
}
