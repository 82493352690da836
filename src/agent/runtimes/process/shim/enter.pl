#!/usr/bin/perl
# Becomes a command inside a running container: enter.pl PID TICKS plain|terminal DIRECTORY [CGROUP ...] -- COMMAND ...
# With a terminal it stays as the terminal's other side; sizes arrive as lines `COLUMNS ROWS` on descriptor 3.
use strict;
use warnings;
my $here;
BEGIN { ($here) = __FILE__ =~ m{^(.*/)}; require "${here}kernel.pl" }

use constant { READ_BYTES => 65_536, CANNOT_RUN => 126, NOT_FOUND => 127, SIZES => 3 };
# The kernel's numbers for terminals, the same on all machines we know system calls for.
use constant { UNLOCK => 0x40045431, NUMBER => 0x80045430, SET_SIZE => 0x5414, TAKE => 0x540E, END_OF_INPUT => "\4" };

my ($pid, $ticks, $mode, $directory, @rest) = @ARGV;
my @cgroups;
while (($_ = shift @rest) ne '--') { push @cgroups, $_ }

if ($mode eq 'plain') { enter(@rest) }
else { exit with_terminal(@rest) }

sub enter {
  my (@command) = @_;
  my $inside;
  eval {
    my %environment = map { split /=/, $_, 2 } grep { /=/ } split /\0/, Kernel::read_file("/proc/$pid/environ");
    $environment{TERM} //= 'xterm' if $mode eq 'terminal';
    if ($> == 0) {
      opendir my $root, "/proc/$pid/root" or die "process $pid: $!\n";
      my @namespaces = Kernel::open_namespaces($pid, $ticks, qw(ipc uts net mnt));
      Kernel::join_cgroups(@cgroups);
      Kernel::enter_namespaces(@namespaces);
      # The container's root need not be its namespace's.
      chdir $root or die "root: $!\n";
      chroot '.' or die "root: $!\n";
    }
    chdir $directory or die "the working directory $directory: $!\n";
    $inside = 1;
    Kernel::become(\%environment, @command);
  };
  my $not_found = $inside && $!{ENOENT};
  print STDERR $@;
  exit($not_found ? NOT_FOUND : CANNOT_RUN);
}

sub with_terminal {
  my (@command) = @_;
  open my $terminal, '+<', '/dev/ptmx' or die "/dev/ptmx: $!\n";
  my $number = pack 'i', 0;
  ioctl $terminal, UNLOCK, $number or die "unlocking a terminal: $!\n";
  ioctl $terminal, NUMBER, $number or die "numbering a terminal: $!\n";
  my $child = fork // die "fork: $!\n";
  if ($child == 0) {
    Kernel::new_session();
    open my $side, '+<', '/dev/pts/' . unpack('i', $number) or die "terminal: $!\n";
    ioctl $side, TAKE, my $none = 0;
    open STDIN, '<&', $side;
    open STDOUT, '>&', $side;
    open STDERR, '>&', $side;
    close $side;
    enter(@command);
  }
  open my $sizes, '<&=', SIZES or die "sizes: $!\n";
  relay($terminal, $sizes);
  waitpid $child, 0;
  return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

# Reads no more input while some is unwritten, and always takes output: neither side can block the other.
sub relay {
  my ($terminal, $sizes) = @_;
  my ($input_open, $sizes_open, $unwritten, $lines) = (1, 1, '', '');
  while (1) {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $terminal, 1) = 1;
    vec($readable, fileno STDIN, 1) = 1 if $input_open && $unwritten eq '';
    vec($readable, fileno $sizes, 1) = 1 if $sizes_open;
    vec($writable, fileno $terminal, 1) = 1 if $unwritten ne '';
    next if select($readable, $writable, undef, undef) < 0;
    # First of all: what is typed after a change of size must find the new one.
    if ($sizes_open && vec $readable, fileno $sizes, 1) {
      $sizes_open = sysread $sizes, $lines, READ_BYTES, length $lines;
      while ($lines =~ s/^(\d+) (\d+)\n//) { my $size = pack 'S4', $2, $1, 0, 0; ioctl $terminal, SET_SIZE, $size }
    }
    if (vec $readable, fileno STDIN, 1) {
      $input_open = sysread STDIN, $unwritten, READ_BYTES;
      $unwritten = END_OF_INPUT if !$input_open;
    }
    # An error is how a terminal says that nobody has its other side open any more.
    if (vec $readable, fileno $terminal, 1) {
      sysread($terminal, my $output, READ_BYTES) or return;
      syswrite(STDOUT, $output) or return;
    }
    if (vec $writable, fileno $terminal, 1) {
      # Terminals take little at a time.
      my $written = syswrite $terminal, $unwritten, 1024;
      substr $unwritten, 0, $written, '' if $written;
    }
  }
}
