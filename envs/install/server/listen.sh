# shellcheck shell=bash
# Ports that are tried from outside, before the service listens at them.

# Tells the other side which it is to try: INNER OUTER, of which the second is the port that others see.
reply_outside() {
  [ "$role" = miner ] || return 0
  reply "outside $1 $1"
  local streaming
  # The first of those that jobs are reached at.
  streaming=$(env_value STREAMING_PORTS)
  if [[ ${streaming:-6000} =~ ^([1-9][0-9]{0,4})(:([1-9][0-9]{0,4}))?([,-]|$) ]]; then
    reply "outside ${BASH_REMATCH[1]} ${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}"
  fi
}

# Answers every request at the ports with the word, until the other side ends its input: by Perl, which every Debian and
# Ubuntu has. A port that is taken is left out.
step_listen() {
  local words
  read -r -a words <<<"$ports"
  if command -v perl >/dev/null; then
    as_root_reading perl -e "$listener" -- "$word" "${words[@]}" || reply 'listening no'
  else
    reply 'listening no'
  fi
}

# What a stranger sends is never read.
# shellcheck disable=SC2016
listener='
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY pack_sockaddr_in6 IN6ADDR_ANY);
my ($word, @ports) = @ARGV;
my (@listening, @accepted);
sub opened {
  my ($family, $address) = @_;
  socket(my $socket, $family, SOCK_STREAM, 0) or return;
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $family == PF_INET6;
  return bind($socket, $address) && listen($socket, 16) ? $socket : undef;
}
for my $port (grep { $_ < 65536 } @ports) {
  my $socket = opened(PF_INET6, pack_sockaddr_in6($port, IN6ADDR_ANY))
    || opened(PF_INET, pack_sockaddr_in($port, INADDR_ANY)) or next;
  push @listening, $socket;
  syswrite STDOUT, "horde: listening $port\n";
}
syswrite STDOUT, "horde: listening all\n";
$SIG{PIPE} = "IGNORE";
alarm 120;
while (1) {
  my $read = "";
  vec($read, fileno($_), 1) = 1 for \*STDIN, @listening;
  select($read, undef, undef, undef);
  last if vec($read, fileno(STDIN), 1);
  for my $socket (grep { vec($read, fileno($_), 1) } @listening) {
    accept(my $peer, $socket) or next;
    syswrite $peer, "HTTP/1.0 200 OK\r\nContent-Length: " . length($word) . "\r\n\r\n$word";
    # One that is closed with unread words in it takes the answer back.
    push @accepted, $peer;
    shift @accepted if @accepted > 100;
  }
}
'
