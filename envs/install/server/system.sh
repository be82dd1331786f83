# shellcheck shell=bash
# What kind of machine it is, and what packages it can have.

read_system() {
  system_id='' system_version='' system_codename='' system_name='another system'
  local name value
  while IFS='=' read -r name value; do
    value=${value#\"} value=${value%\"}
    case $name in
      ID) system_id=$value ;;
      VERSION_ID) system_version=$value ;;
      VERSION_CODENAME) system_codename=$value ;;
      PRETTY_NAME) system_name=$value ;;
    esac
  done </etc/os-release
  case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
  esac
}

# Where this script knows what the packages are called.
knows_packages() {
  case $system_id-$system_version in debian-12 | debian-13 | ubuntu-22.04 | ubuntu-24.04) ;; *) return 1 ;; esac
}

# Where packages come from, as options; none of them: as the server says.
apt_source=()

# shellcheck disable=SC2317 # quietly calls it
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    ${apt_source[@]+"${apt_source[@]}"} "$@"
}

apt_update() {
  # What a killed run has left half done.
  quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || fail 'dpkg --configure -a fails on the server, as shown above.'
  quietly apt_get update || fail 'The lists of packages could not be fetched, as shown above.'
}

# Never removes a package that is there: it fails instead.
apt_install() {
  apt_update
  quietly apt_get install -y --no-install-recommends --no-remove "$@" || fail "Could not be installed, as shown above: $*"
}

# candidate PACKAGE: the version that would be installed, or nothing.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9].*\)/\1/p'; }

# fetch ADDRESS FILE [SHA256:SUM]: by apt's own means, since a server may have no curl.
fetch() {
  quietly as_root /usr/lib/apt/apt-helper download-file "$@"
}
