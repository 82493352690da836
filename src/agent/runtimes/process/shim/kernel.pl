# What the shims ask of the kernel and Perl has no words for: namespaces, mounts, process relations, by system call numbers.
# Only modules of perl-base are used, which every Debian and Ubuntu has; nothing needs to be compiled.
package Kernel;
use strict;
use warnings;
use Config;
use Errno ();

my %NUMBERS = (
  x86_64 => {
    unshare => 272, setns => 308, mount => 165, umount2 => 166, prctl => 157, sethostname => 170, setsid => 112,
    clock_gettime => 228, mknodat => 259, pidfd_open => 434,
  },
  aarch64 => {
    unshare => 97, setns => 268, mount => 40, umount2 => 39, prctl => 167, sethostname => 161, setsid => 157,
    clock_gettime => 113, mknodat => 33, pidfd_open => 434,
  },
);
my ($machine) = $Config{archname} =~ /^([^-]+)/;
my $numbers = $NUMBERS{$machine} or die "the process runtime knows no system call numbers for $machine\n";

use constant {
  NEW_MOUNTS => 0x00020000, NEW_HOSTNAME => 0x04000000, NEW_IPC => 0x08000000, NEW_NETWORK => 0x40000000,
  READ_ONLY => 1, REMOUNT => 32, BIND => 4096, RECURSIVE => 16384, PRIVATE => 1 << 18, DETACH => 2,
  SIGKILL => 9, DEATH_SIGNAL => 1, SUBREAPER => 36, REALTIME => 0,
  FIFO => 0010600, RELATIVE_TO_CWD => -100, WRITE_NONBLOCK => 1 | 2048, READ_WRITE_NONBLOCK => 2 | 2048,
};

# Strings have to be variables: Perl refuses to hand literals to the kernel.
sub call {
  my ($name, @arguments) = @_;
  my $result = syscall($numbers->{$name}, @arguments);
  die "$name: $!\n" if $result < 0;
  return $result;
}

sub unshare { call('unshare', 0 + $_[0]) }
sub new_session { call('setsid') }
sub set_hostname { my $name = "$_[0]"; call('sethostname', $name, length $name) }
# Whoever is orphaned below becomes this process's child, so that nobody escapes by forking twice.
sub reap_orphans { call('prctl', SUBREAPER, 1, 0, 0, 0) }
# The kernel kills this process when its parent dies: no container outlives the shim that would record its end.
sub die_with_parent { call('prctl', DEATH_SIGNAL, SIGKILL, 0, 0, 0) }

sub mount {
  my ($source, $target, $type, $flags, $data) = map { defined $_ ? "$_" : '' } @_[0 .. 4];
  call('mount', $source, $target, $type, 0 + $flags, $data);
}
sub detach { my $path = "$_[0]"; call('umount2', $path, DETACH) }

# Unix seconds as a whole number and nanoseconds.
sub now {
  my $buffer = "\0" x 16;
  # Not by call(), which would let the kernel write into a copy.
  syscall($numbers->{clock_gettime}, REALTIME, $buffer) == 0 or die "clock_gettime: $!\n";
  return unpack 'qq', $buffer;
}
sub now_ms { my ($seconds, $nanoseconds) = now(); return $seconds * 1000 + int($nanoseconds / 1_000_000) }

# A handle that becomes readable when the process has ended.
sub watch_process {
  my $descriptor = call('pidfd_open', 0 + $_[0], 0);
  open my $handle, '<&=', $descriptor or die "pidfd: $!\n";
  return $handle;
}

# When the process was started, in ticks since boot: with it a pid cannot be mistaken for a later process's.
sub start_ticks {
  open my $file, '<', "/proc/$_[0]/stat" or return '';
  my $stat = <$file> // '';
  $stat =~ s/^.*\) //s;
  return (split ' ', $stat)[19] // '';
}

sub read_file {
  open my $file, '<', $_[0] or return '';
  local $/;
  return <$file> // '';
}

# Whoever reads a record sees all of it or none.
sub write_record {
  my ($path, $text) = @_;
  open my $file, '>', "$path.new" or die "$path: $!\n";
  print $file $text;
  close $file or die "$path: $!\n";
  rename "$path.new", $path or die "$path: $!\n";
}

# Takes the control pipe of this name for this process; undef when another living process has it. A pipe without a
# reader is what a dead one left, so having a reader is what being alive means: no pid can be mistaken.
sub claim {
  my ($path) = @_;
  my $mine = "$path.$$";
  unlink $mine;
  call('mknodat', RELATIVE_TO_CWD, $mine, FIFO, 0);
  sysopen my $control, $mine, READ_WRITE_NONBLOCK or die "$mine: $!\n";
  until (link $mine, $path) {
    if (sysopen my $other, $path, WRITE_NONBLOCK) { unlink $mine; return undef }
    unlink $path;
  }
  unlink $mine;
  return $control;
}

# Namespaces are entered by process; nothing of them stays on disk.
sub open_namespaces {
  my ($pid, $ticks, @names) = @_;
  my @handles = map { open my $handle, '<', "/proc/$pid/ns/$_" or die "namespace $_ of process $pid: $!\n"; $handle } @names;
  # Asked last: the process that the handles were opened of is the one that was meant.
  die "process $pid is gone\n" if start_ticks($pid) ne $ticks;
  return @handles;
}
sub enter_namespaces { call('setns', fileno $_, 0) for @_ }

sub join_cgroups {
  for my $directory (@_) {
    open my $file, '>', "$directory/cgroup.procs" or die "cgroup $directory: $!\n";
    syswrite $file, '0' or die "cgroup $directory: $!\n";
  }
}

# Becomes the program, or dies with the words and exit code people know from container engines.
sub become {
  my ($environment, @command) = @_;
  %ENV = %$environment;
  no warnings 'exec';
  exec { $command[0] } @command;
  die "exec: \"$command[0]\": executable file not found in \$PATH\n" if $!{ENOENT};
  die "exec: \"$command[0]\": $!\n";
}

# Key=value, each ended by a zero byte, which is the one byte no value can hold. Every key has a list.
sub read_specification {
  local $/;
  my %specification;
  for (split /\0/, <STDIN> // '') {
    my ($key, $value) = split /=/, $_, 2;
    push @{ $specification{$key} }, $value;
  }
  return \%specification;
}

sub tell_ready {
  syswrite STDOUT, "ready @_\n";
  open STDIN, '<', '/dev/null';
  open STDOUT, '>', '/dev/null';
  open STDERR, '>', '/dev/null';
}

1;
