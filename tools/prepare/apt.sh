# shellcheck shell=bash
# Packages of the distribution, where this user may install them.

can_apt() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# The command that apt_install stands for, to be shown where it cannot run.
apt_command() { printf 'apt-get update && apt-get install -y --no-install-recommends %s' "$*"; }

# Never removes a package that is there: it fails instead.
apt_install() {
  with_lock "$HORDE_CACHE" apt_install_alone "$@"
}

apt_install_alone() {
  local options=(-qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get "${options[@]}" update &&
    quietly apt-get "${options[@]}" install -y --no-install-recommends --no-remove "$@"
}

# apt_unpack PACKAGE FOLDER: its files alone. Installed, a package of a server would start it.
apt_unpack() {
  (
    cd -- "$2" &&
      quietly apt-get -qq -o DPkg::Lock::Timeout=300 update &&
      quietly apt-get -qq download "$1" &&
      dpkg-deb -x ./*.deb . && rm -f ./*.deb
  )
}
