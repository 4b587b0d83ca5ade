"""The networks that a client's address belongs to: limits count them, because one client can have many addresses."""

from ipaddress import IPv6Address, ip_address, ip_network

# One line usually gets a /64 and can use all of it; larger customers get a /56 or a /48 (RFC 6177).
IPV6_PREFIXES = (64, 56, 48)


def networks_of(address: str) -> tuple[str, ...]:
    """An IPv4 address alone, or the /64, /56 and /48 of an IPv6 address. Empty for anything else."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ()
    if not isinstance(parsed, IPv6Address):
        return (str(parsed),)
    if parsed.ipv4_mapped:
        return (str(parsed.ipv4_mapped),)
    return tuple(str(ip_network((int(parsed), prefix), strict=False)) for prefix in IPV6_PREFIXES)


def network_of(address: str) -> str:
    """The smallest network that is one client's. Empty if the address is unknown."""
    return next(iter(networks_of(address)), "")
