// Setup starts a Docker that is installed but not running; in namespaces of its own, so that no real engine is touched.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { projectRoot, runCommand } from '../support/run-command.ts';

const possible = process.getuid?.() === 0 && existsSync('/usr/sbin/dockerd');

/** A machine after a reboot: nothing runs, the pid file is stale. The caller holds a descriptor that is not its child's. */
const script = `
set -eu
mount -t tmpfs run /run; mount -t tmpfs log /var/log; mount -t tmpfs docker /var/lib/docker
mount -t tmpfs stamp "$1/node_modules/.periplus"
ip link set lo up
echo 99999 >/run/docker.pid
exec 63>/run/held
started() {
  docker version --format '{{.Server.Version}}' >/dev/null
  ! ls -l "/proc/$(cat /run/docker.pid)/fd" | grep -q held
}
"$1/scripts/setup"; started
kill -KILL "$(cat /run/docker.pid)"
while [ -d "/proc/$(cat /run/docker.pid)" ]; do :; done
"$1/scripts/setup" --quick; started
`;

test.skipIf(!possible)('Docker is started after a reboot and after a crash, and holds nothing of its caller', () => {
  const unshare = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const { status, errors } = runCommand('unshare', [...unshare, 'bash', '-c', script, 'bash', projectRoot], {
    env: { DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined },
  });
  expect(errors.match(/start Docker, which is installed but not running \.\.\.\n.*done/g)).toHaveLength(2);
  expect(status).toBe(0);
});
