# Writes what a container prints, line by line in the format of Kubernetes' container logs: time, stream, F or P, text.
package Log;
use strict;
use warnings;

# A longer line is written in parts, as container engines do.
use constant LINE_MAX_BYTES => 16 * 1024;

# At the given size the file becomes the older one, and the one older than that goes: a chatty program cannot fill the disk.
sub open_at {
  my ($path, $size_max) = @_;
  my $self = bless { path => $path, size_max => $size_max, unfinished => {} };
  $self->reopen;
  return $self;
}

sub reopen {
  my ($self) = @_;
  open $self->{file}, '>>', $self->{path} or die "$self->{path}: $!\n";
  $self->{size} = -s $self->{file};
}

# A full disk loses lines, not containers: whether a write succeeds is not asked.
sub write_records {
  my ($self, @records) = @_;
  my $waiting = '';
  for my $record (@records) {
    my $filled = $self->{size} + length $waiting;
    if ($filled > 0 && $filled + length $record > $self->{size_max}) {
      $self->flush($waiting);
      $waiting = '';
      rename $self->{path}, "$self->{path}.1";
      $self->reopen;
    }
    $waiting .= $record;
  }
  $self->flush($waiting);
}

sub flush {
  my ($self, $text) = @_;
  $self->{size} += syswrite($self->{file}, $text) // 0 if $text ne '';
}

sub take {
  my ($self, $stream, $bytes) = @_;
  my $prefix = timestamp() . " $stream";
  my $text = ($self->{unfinished}{$stream} // '') . $bytes;
  my ($begin, @records) = (0);
  while ((my $end = index $text, "\n", $begin) >= 0) {
    while ($end - $begin > LINE_MAX_BYTES) {
      push @records, "$prefix P " . substr($text, $begin, LINE_MAX_BYTES) . "\n";
      $begin += LINE_MAX_BYTES;
    }
    push @records, "$prefix F " . substr $text, $begin, $end + 1 - $begin;
    $begin = $end + 1;
  }
  while (length($text) - $begin > LINE_MAX_BYTES) {
    push @records, "$prefix P " . substr($text, $begin, LINE_MAX_BYTES) . "\n";
    $begin += LINE_MAX_BYTES;
  }
  $self->{unfinished}{$stream} = substr $text, $begin;
  $self->write_records(@records);
}

# The last words of a stream need not end with a line feed.
sub finish {
  my ($self, $stream) = @_;
  my $text = delete $self->{unfinished}{$stream} // '';
  $self->write_records(timestamp() . " $stream P $text\n") if $text ne '';
}

sub timestamp {
  my ($seconds, $nanoseconds) = Kernel::now();
  my ($second, $minute, $hour, $day, $month, $year) = gmtime $seconds;
  return sprintf '%04d-%02d-%02dT%02d:%02d:%02d.%09dZ', $year + 1900, $month + 1, $day, $hour, $minute, $second, $nanoseconds;
}

1;
