#!/bin/sh
# Connects a pod's network namespace to the cell's switch, or takes it off; always run under flock, so that agents of one
# cell on one machine never choose the same address, and the switch goes with its last pod.
#
#   network.sh connect SWITCH LINK NETWORK PID LABEL    prints "ADDRESS INTERFACE"
#   network.sh disconnect SWITCH LINK INTERFACE
#
# SWITCH is a network namespace with a bridge in it, LINK the node's own interface to it, NETWORK the first three bytes of
# a /20 to use when they are not there yet. The bridge has a namespace of its own because on the node the rules of its
# firewall (Docker's drop what is forwarded) would count for what pods say to each other.
set -eu

# Hosts of a /20 but for the network's own address, the node's and the broadcast.
first=2
last=4094

# The pods' interfaces are called p and the number of the pod's address.
numbers() { ip -n "$switch" -o link show | sed -n 's/^[0-9]*: p\([0-9][0-9]*\)@.*/\1/p' | tr '\n' ' '; }

make_switch() {
  ip netns del "$switch" 2>/dev/null || true
  ip netns add "$switch"
  ip link add "$link" type veth peer name node netns "$switch"
  ip -n "$switch" -batch - <<END
link add bridge type bridge
link set bridge up
link set node master bridge up
END
  ip -batch - <<END
link set $link alias "$switch" up
addr add $network.1/20 dev $link
END
}

connect() {
  switch=$1 link=$2 network=$3 pid=$4 label=$5
  [ -e "/sys/class/net/$link" ] && [ -e "/run/netns/$switch" ] || make_switch
  gateway=$(ip -4 -o addr show dev "$link" | sed -n 's|.* inet \([0-9.]*\)/20 .*|\1|p')
  network=${gateway%.*}
  taken=" $(numbers)"
  host=$first
  while case $taken in *" $host "*) ;; *) false ;; esac; do
    host=$((host + 1))
    [ "$host" -le "$last" ] || { echo "all addresses of $switch are taken" >&2; exit 1; }
  done
  address=${network%.*}.$((${network##*.} + host / 256)).$((host % 256))
  ip -n "$switch" -batch - <<END
link add p$host type veth peer name eth0 netns $pid
link set p$host alias "$label"
link set p$host master bridge up
END
  nsenter --net="/proc/$pid/ns/net" ip -batch - <<END
link set lo up
addr add $address/20 dev eth0
link set eth0 up
route add default via $gateway
END
  echo "$address p$host"
}

disconnect() {
  switch=$1 link=$2
  [ -e "/run/netns/$switch" ] || return 0
  # The kernel may have removed it already, together with the pod's namespace.
  ip -n "$switch" link del "$3" 2>/dev/null || true
  [ -z "$(numbers)" ] || return 0
  ip link del "$link" 2>/dev/null || true
  ip netns del "$switch"
}

action=$1
shift
"$action" "$@"
