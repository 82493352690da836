# Puts directories of the node over paths of a container, in a mount namespace of its own: the node's own tree stays as it is.
package Mounts;
use strict;
use warnings;
use Cwd ();

# A directory that has to be rebuilt to hold a new name is rebuilt entry by entry; above this many it takes too long.
use constant ENTRIES_MAX => 4096;

# Directories that exist in this namespace only, where names can be made freely.
my %private;

sub prepare {
  my ($work, @mounts) = @_;
  Kernel::unshare(Kernel::NEW_MOUNTS);
  Kernel::mount('none', '/', '', Kernel::RECURSIVE | Kernel::PRIVATE);
  # The root can only be replaced as a whole, and before anything is put into it.
  rebuild_root($work) if grep { (existing_part($_->{target}))[0] eq '/' } @mounts;
  for my $mount (sort { length $a->{target} <=> length $b->{target} } @mounts) {
    eval { put($work, $mount); 1 } or die "mounting $mount->{source} at $mount->{target}: $@";
  }
}

sub put {
  my ($work, $mount) = @_;
  my ($source, $target) = @$mount{qw(source target)};
  stat $source or die "$source: $!\n";
  my $is_directory = -d _;
  my $place = place_for($work, $target, $is_directory);
  die "one is a directory and the other is not\n" if !$is_directory != !-d $place;
  Kernel::mount($source, $place, '', Kernel::BIND | Kernel::RECURSIVE);
  return if $mount->{mode} ne 'ro';
  Kernel::mount('', $place, '', Kernel::REMOUNT | Kernel::BIND | Kernel::READ_ONLY);
}

# The longest part that is there, with links followed, and the names that are missing.
sub existing_part {
  my @names = grep { $_ ne '' && $_ ne '.' } split m{/}, $_[0];
  die "the path goes up\n" if grep { $_ eq '..' } @names;
  my $path = '/';
  while (@names) {
    my $next = $path eq '/' ? "/$names[0]" : "$path/$names[0]";
    last if !-e $next;
    shift @names;
    $path = Cwd::abs_path($next) // die "$next: $!\n";
  }
  return ($path, @names);
}

sub place_for {
  my ($work, $target, $is_directory) = @_;
  my ($path, @missing) = existing_part($target);
  return $path if !@missing;
  die "$path is no directory\n" if !-d $path;
  rebuild($work, $path) if !$private{$path};
  my $last = pop @missing;
  for (@missing) { $path = $path eq '/' ? "/$_" : "$path/$_"; make_directory($path) }
  $path = $path eq '/' ? "/$last" : "$path/$last";
  $is_directory ? make_directory($path) : make_file($path);
  return $path;
}

sub make_directory { mkdir $_[0], 0755 or die "$_[0]: $!\n"; $private{ $_[0] } = 1 }
sub make_file { open my $file, '>', $_[0] or die "$_[0]: $!\n" }

# Covers a directory with an empty one and shows its entries in there, so that new names can stand beside them.
sub rebuild {
  my ($work, $directory) = @_;
  my $stash = "$work/stash";
  Kernel::mount($directory, $stash, '', Kernel::BIND | Kernel::RECURSIVE);
  chdir $stash or die "$stash: $!\n";
  my @entries = entries_of('.', $directory);
  cover($directory, $directory);
  replicate("./$_", "$directory/$_") for @entries;
  chdir '/' or die "/: $!\n";
  $private{$directory} = 1;
}

sub rebuild_root {
  my ($work) = @_;
  my @entries = entries_of('/', '/');
  cover('/', "$work/root");
  replicate("/$_", "$work/root/$_") for @entries;
  chroot "$work/root" or die "chroot: $!\n";
  chdir '/' or die "/: $!\n";
  $private{'/'} = 1;
}

sub entries_of {
  my ($path, $shown) = @_;
  opendir my $handle, $path or die "$shown: $!\n";
  my @entries = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  my $count = @entries;
  die "$shown has $count entries, too many to add a name to (" . ENTRIES_MAX . "); create the path on the node first\n"
    if $count > ENTRIES_MAX;
  return @entries;
}

sub cover {
  my ($like, $place) = @_;
  Kernel::mount('periplus', $place, 'tmpfs', 0, sprintf 'mode=%o', (stat $like)[2] & 07777);
}

sub replicate {
  my ($from, $to) = @_;
  if (-l $from) { symlink readlink $from, $to; return }
  if (-d _) { mkdir $to, 0755 or die "$to: $!\n" }
  elsif (-e _) { make_file($to) }
  # What has gone meanwhile was a temporary file of somebody else.
  else { return }
  Kernel::mount($from, $to, '', Kernel::BIND | Kernel::RECURSIVE);
}

1;
