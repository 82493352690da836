#!/usr/bin/perl
# The parent of one container: starts it when told, writes its log, stops it, records how it ended. Outlives the agent.
# Orders come as lines through the control pipe: `start`, `stop SECONDS`, `quit`. What happens goes to STATE.running,
# STATE.refused (could not be started) and STATE.exit, each written whole.
use strict;
use warnings;
my $here;
BEGIN { ($here) = __FILE__ =~ m{^(.*/)}; require "${here}kernel.pl"; require "${here}log.pl"; require "${here}mounts.pl" }

# What a pipe holds at most; more is read in the next turn.
use constant READ_BYTES => 65_536;
# A killed process is gone at once unless it hangs in the kernel, in a dead network mount say; then its end is told all the same.
use constant SWEEP_MS => 2000;
# After everybody is dead the pipes hold what was written before; only a process nobody could kill keeps them open.
use constant DRAIN_SECONDS => 1;
use constant POLL_SECONDS => 0.005;

my $spec = Kernel::read_specification();
my ($state, $log_path) = map { $spec->{$_}[0] } qw(state log);
my $control = Kernel::claim("$state.control");
exit 0 if !defined $control;
Kernel::reap_orphans();
umask 022;
chdir '/';
my $log = Log::open_at($log_path, $spec->{logsize}[0]);
Kernel::tell_ready($$);

my ($pid, $ended, $deadline_ms, $killed_by_us);
my %pipes;
my $orders = '';
while (1) {
  my $readable = '';
  vec($readable, fileno $_, 1) = 1 for grep { defined } $control, $ended, values %pipes;
  my $timeout = defined $deadline_ms ? ($deadline_ms - Kernel::now_ms()) / 1000 : undef;
  my $count = select $readable, undef, undef, defined $timeout && $timeout < 0 ? 0 : $timeout;
  next if $count < 0;
  if (vec $readable, fileno $control, 1) {
    sysread $control, $orders, READ_BYTES, length $orders;
    obey(split ' ', $1) while $orders =~ s/^(.*)\n//;
  }
  for (keys %pipes) { read_pipe($_) if defined $pipes{$_} && vec $readable, fileno $pipes{$_}, 1 }
  if (defined $deadline_ms && Kernel::now_ms() >= $deadline_ms) { kill_all(); undef $deadline_ms }
  if (defined $ended && vec $readable, fileno $ended, 1) { record_end(); exit 0 }
}

sub obey {
  my ($order, $seconds) = @_;
  if ($order eq 'start' && !defined $pid) { start() }
  elsif ($order eq 'quit' && !defined $pid) { exit 0 }
  elsif ($order eq 'stop' && defined $pid) {
    if ($seconds <= 0) { kill_all(); return }
    # Asked again with less patience, the nearer end counts; the program is told only once.
    my $until = Kernel::now_ms() + $seconds * 1000;
    kill 'TERM', -$pid if !defined $deadline_ms;
    $deadline_ms = $until if !defined $deadline_ms || $until < $deadline_ms;
  }
}

sub start {
  unlink "$state.refused";
  pipe my $out, my $out_writer;
  pipe my $err, my $err_writer;
  pipe my $report, my $reporter;
  my $child = fork;
  if (!defined $child) { Kernel::write_record("$state.refused", "fork: $!"); return }
  if ($child == 0) {
    eval { run($out_writer, $err_writer) };
    syswrite $reporter, $@;
    kill 'KILL', $$;
  }
  close $_ for $out_writer, $err_writer, $reporter;
  # Ends without a word when the program has taken over: the descriptor closes by itself then.
  my $refusal = do { local $/; <$report> } // '';
  if ($refusal ne '') { waitpid $child, 0; Kernel::write_record("$state.refused", $refusal); return }
  ($pid, %pipes) = ($child, stdout => $out, stderr => $err);
  $ended = Kernel::watch_process($pid);
  Kernel::write_record("$state.running", join ' ', $pid, Kernel::start_ticks($pid), Kernel::now_ms());
}

sub run {
  my ($out, $err) = @_;
  Kernel::new_session();
  Kernel::die_with_parent();
  Kernel::join_cgroups(@{ $spec->{cgroup} // [] });
  if (my $sandbox = $spec->{sandbox}) {
    Kernel::enter_namespaces(Kernel::open_namespaces(split(' ', $sandbox->[0]), qw(ipc uts net)));
  }
  my @mounts = map { { mode => $spec->{mode}[$_], source => $spec->{source}[$_], target => $spec->{target}[$_] } }
    0 .. $#{ $spec->{target} // [] };
  Mounts::prepare($spec->{work}[0], @mounts) if @mounts;
  my $directory = $spec->{directory}[0];
  chdir $directory or die "the working directory $directory: $!\n";
  open STDOUT, '>&', $out or die "stdout: $!\n";
  open STDERR, '>&', $err or die "stderr: $!\n";
  $SIG{PIPE} = 'DEFAULT';
  Kernel::become({ map { split /=/, $_, 2 } @{ $spec->{env} // [] } }, @{ $spec->{arg} });
}

sub read_pipe {
  my ($stream) = @_;
  my $count = sysread $pipes{$stream}, my $bytes, READ_BYTES;
  if ($count) { $log->take($stream, $bytes); return }
  return if !defined $count && $!{EINTR};
  $log->finish($stream);
  $pipes{$stream} = undef;
}

sub kill_all { $killed_by_us = 1; kill 'KILL', -$pid }

sub record_end {
  waitpid $pid, 0;
  my ($signal, $code) = ($? & 127, $? >> 8);
  $code = 128 + $signal if $signal;
  my $finished_ms = Kernel::now_ms();
  # Counted before the sweep; a kill of ours is not the kernel's, whatever a child met earlier.
  my $out_of_memory = !$killed_by_us && $code == 137 && out_of_memory_kills() > 0 ? 1 : 0;
  sweep();
  drain();
  Kernel::write_record("$state.exit", "$code $signal $out_of_memory $finished_ms");
}

sub out_of_memory_kills {
  my $kills = 0;
  for my $directory (@{ $spec->{cgroup} // [] }) {
    # Version 1 and version 2 of cgroups tell the same in different files.
    for my $file (qw(memory.oom_control memory.events)) {
      $kills += $1 if Kernel::read_file("$directory/$file") =~ /^oom_kill (\d+)/m;
    }
  }
  return $kills;
}

# Nothing a container started outlives it: its process group, its cgroup, and whoever became our child by being orphaned.
sub sweep {
  my $give_up_ms = Kernel::now_ms() + SWEEP_MS;
  do {
    kill 'KILL', -$pid;
    my @left = map { split ' ', Kernel::read_file("$_/cgroup.procs") } @{ $spec->{cgroup} // [] };
    push @left, split ' ', Kernel::read_file("/proc/$$/task/$$/children");
    kill 'KILL', grep { $_ != $$ } @left if @left;
    1 while waitpid(-1, 1) > 0;
    return if !@left;
    select undef, undef, undef, POLL_SECONDS;
  } while (Kernel::now_ms() < $give_up_ms);
}

sub drain {
  for my $stream (keys %pipes) {
    while (defined $pipes{$stream}) {
      my $readable = '';
      vec($readable, fileno $pipes{$stream}, 1) = 1;
      last if select($readable, undef, undef, DRAIN_SECONDS) <= 0;
      read_pipe($stream);
    }
    $log->finish($stream);
  }
}
