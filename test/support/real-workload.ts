/** Manifests for end-to-end tests: small programs that end at once when told to. */

/** A ReplicationController of pods that sleep, labelled app=NAME. */
export function workloadManifest(name: string, replicas: number) {
  return {
    apiVersion: 'v1' as const,
    kind: 'ReplicationController' as const,
    metadata: { name },
    spec: { replicas, selector: { app: name }, template: { metadata: { labels: { app: name } }, spec: podSpec() } },
  };
}

export function podManifest(name: string) {
  return {
    apiVersion: 'v1' as const,
    kind: 'Pod' as const,
    metadata: { name, labels: { app: name } },
    spec: podSpec(),
  };
}

function podSpec() {
  const script = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";
  return {
    terminationGracePeriodSeconds: 2,
    containers: [{ name: 'main', image: 'busybox:local', command: ['sh', '-c', script] }],
  };
}
