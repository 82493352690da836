#!/usr/bin/perl
# Holds what the containers of one pod share: namespaces, host ports, the pod's own port. Outlives the agent, ends on `quit`.
use strict;
use warnings;
my $here;
BEGIN { ($here) = __FILE__ =~ m{^(.*/)}; require "${here}kernel.pl" }

use constant READ_BYTES => 65_536;
# Each connection takes two small processes; a pod that needs more is better served by its own IP.
use constant CONNECTIONS_MAX => 128;
# Below the range the kernel hands out to clients, so that no outgoing connection takes a pod's port between two restarts.
use constant { PORT_FIRST => 20_000, PORT_COUNT => 12_000 };

my $spec = Kernel::read_specification();
my $control = Kernel::claim("$spec->{state}[0].control");
exit 0 if !defined $control;
chdir '/';

# Only what needs them: a sandbox without host ports stays small.
require Socket if $spec->{listen} || $spec->{port};
my ($reservation, $port) = $spec->{port} ? reserve_port($spec->{port}[0]) : (undef, 0);
# A socket stays in the network where it was made: these listen on the node, while what connects later is in the pod.
my @listeners = map { listen_at($_) } @{ $spec->{listen} // [] };

if ($spec->{hostname}) {
  Kernel::unshare(Kernel::NEW_NETWORK | Kernel::NEW_IPC | Kernel::NEW_HOSTNAME);
  Kernel::set_hostname($spec->{hostname}[0]);
}
Kernel::write_record("$spec->{state}[0].running", join ' ', $$, Kernel::start_ticks($$), Kernel::now_ms(), $port);
Kernel::tell_ready($$);

my $connections = 0;
my $orders = '';
while (1) {
  1 while waitpid(-1, 1) > 0 && $connections--;
  my $readable = '';
  vec($readable, fileno $_, 1) = 1 for $control, map { $_->{socket} } @listeners;
  # Looks around now and then to reap connections that have ended; without any it sleeps.
  my $count = select $readable, undef, undef, $connections > 0 ? 1 : undef;
  next if $count <= 0;
  if (vec $readable, fileno $control, 1) {
    sysread $control, $orders, READ_BYTES, length $orders;
    last if $orders =~ /^quit$/m;
  }
  for (@listeners) { accept_from($_) if vec $readable, fileno $_->{socket}, 1 }
}
# The connections go with the pod: they are in this process's group.
kill 'KILL', -$$;

# A name in the kernel's abstract socket space is the reservation: no two pods of this machine get one port, whoever
# their agent is, and it ends with this process.
sub reserve_port {
  my ($seed) = @_;
  for my $offset (0 .. PORT_COUNT - 1) {
    my $candidate = PORT_FIRST + ($seed + $offset) % PORT_COUNT;
    socket my $name, Socket::AF_UNIX(), Socket::SOCK_STREAM(), 0 or die "socket: $!\n";
    next if !bind $name, Socket::pack_sockaddr_un("\0periplus-port-$candidate");
    socket my $probe, Socket::AF_INET(), Socket::SOCK_STREAM(), 0 or die "socket: $!\n";
    setsockopt $probe, Socket::SOL_SOCKET(), Socket::SO_REUSEADDR(), 1;
    next if !bind($probe, Socket::pack_sockaddr_in($candidate, Socket::INADDR_ANY())) || !listen $probe, 1;
    return ($name, $candidate);
  }
  die "no free port between " . PORT_FIRST . " and " . (PORT_FIRST + PORT_COUNT - 1) . "\n";
}

sub listen_at {
  my ($address, $host_port, $container_port) = split / /, $_[0];
  my $packed = Socket::inet_aton($address) or die "host port $host_port: $address is no address\n";
  socket my $socket, Socket::AF_INET(), Socket::SOCK_STREAM(), 0 or die "socket: $!\n";
  setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_REUSEADDR(), 1;
  bind $socket, Socket::pack_sockaddr_in($host_port, $packed) or die "host port $host_port: $!\n";
  listen $socket, CONNECTIONS_MAX or die "host port $host_port: $!\n";
  return { socket => $socket, target => $container_port || $port };
}

sub accept_from {
  my ($listener) = @_;
  accept my $client, $listener->{socket} or return;
  return if $connections >= CONNECTIONS_MAX;
  my $child = fork;
  if (!defined $child) { return }
  if ($child) { $connections++; return }
  Kernel::die_with_parent();
  # A pipe of orders that is held open elsewhere would make a dead sandbox look alive.
  close $_ for $control, map { $_->{socket} } @listeners;
  eval { connect_through($client, $listener->{target}) };
  kill 'KILL', $$;
}

# One process for each direction: neither waits for the other, and a half-closed connection stays half-open.
sub connect_through {
  my ($client, $target) = @_;
  socket my $server, Socket::AF_INET(), Socket::SOCK_STREAM(), 0 or return;
  connect $server, Socket::pack_sockaddr_in($target, Socket::INADDR_LOOPBACK()) or return;
  my $other = fork // return;
  if ($other == 0) { Kernel::die_with_parent(); pump($client, $server); kill 'KILL', $$ }
  pump($server, $client);
  waitpid $other, 0;
}

sub pump {
  my ($from, $to) = @_;
  $SIG{PIPE} = 'IGNORE';
  while (sysread $from, my $bytes, READ_BYTES) {
    while ($bytes ne '') {
      my $written = syswrite $to, $bytes or return;
      substr $bytes, 0, $written, '';
    }
  }
  shutdown $to, 1;
}
