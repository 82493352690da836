/** What `npm start` shows a newcomer: three pods of a small HTTP server, kept running by a ReplicationController. */

export const DEMO_NAME = 'demo';
export const DEMO_REPLICAS = 3;

/** The demo's manifest; its image is made locally by scripts/images. */
export const demoManifest = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: DEMO_NAME, namespace: 'default', labels: { app: DEMO_NAME } },
  spec: {
    replicas: DEMO_REPLICAS,
    selector: { app: DEMO_NAME },
    template: {
      metadata: { labels: { app: DEMO_NAME } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'periplus/demo:1',
            imagePullPolicy: 'IfNotPresent',
            ports: [{ containerPort: 8080 }],
            resources: { requests: { cpu: '50m', memory: '16Mi' } },
          },
        ],
        terminationGracePeriodSeconds: 5,
      },
    },
  },
};
