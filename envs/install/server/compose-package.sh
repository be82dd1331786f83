# shellcheck shell=bash
# Debian 13's Docker Compose, which needs no newer system: what ./horde brings, and the install scripts.

compose_version=2.26.1-4
compose_host=deb.debian.org

# compose_sum ARCHITECTURE: the SHA-256 of its package, as Debian names architectures.
compose_sum() {
  case $1 in
    amd64) printf 47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea ;;
    arm64) printf bbafaa666f3e7fa00ad36f2a8bab889f1c791ca8743d674e7267a3d07203869c ;;
  esac
}

# compose_url ARCHITECTURE
compose_url() {
  local package=docker-compose component=main
  printf '%s' "http://$compose_host/debian/pool/$component/${package:0:1}/$package/${package}_${compose_version}_$1.deb"
}
