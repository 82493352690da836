#!/bin/sh
# Connects a pod's network namespace to the cell's bridge, or takes it off; always run under flock, so that agents of one
# cell on one machine never choose the same address, and the bridge goes with its last pod.
#
#   network.sh connect BRIDGE LABEL NETWORK PID PODLABEL    prints "ADDRESS INTERFACE"
#   network.sh disconnect BRIDGE INTERFACE
#
# NETWORK is the first address to use when the bridge is not there yet, as A.B.C (a multiple of 16 as C, for /20).
set -eu

# Hosts of a /20 but for the network's own address, the bridge's and the broadcast.
first=2
last=4094

address_of() { echo "$network_prefix.$((third + $1 / 256)).$(($1 % 256))"; }

connect() {
  bridge=$1 label=$2 network=$3 pid=$4 pod=$5
  if [ ! -e "/sys/class/net/$bridge" ]; then
    ip link add "$bridge" type bridge
    ip link set "$bridge" alias "$label" up
    ip addr add "$network.1/20" dev "$bridge"
  fi
  gateway=$(ip -4 -o addr show dev "$bridge" | sed -n 's|.* inet \([0-9.]*\)/20 .*|\1|p')
  network=${gateway%.*}
  network_prefix=${network%.*}
  third=${network##*.}
  host=$first
  while [ -e "/sys/class/net/$bridge-$host" ]; do
    host=$((host + 1))
    [ "$host" -le "$last" ] || { echo "all addresses of $bridge are taken" >&2; exit 1; }
  done
  address=$(address_of "$host")
  ip link add "$bridge-$host" type veth peer name eth0 netns "$pid"
  ip -batch - <<END
link set $bridge-$host alias "$pod"
link set $bridge-$host master $bridge up
END
  nsenter --net="/proc/$pid/ns/net" ip -batch - <<END
link set lo up
addr add $address/20 dev eth0
link set eth0 up
route add default via $gateway
END
  echo "$address $bridge-$host"
}

disconnect() {
  # The kernel may have removed it already, together with the pod's namespace.
  ip link del "$2" 2>/dev/null || true
  [ -e "/sys/class/net/$1" ] || return 0
  for port in "/sys/class/net/$1/brif/"*; do [ ! -e "$port" ] || return 0; done
  ip link del "$1"
}

action=$1
shift
"$action" "$@"
