"""A manager gives the hall its own look: colours and slogan, or the logo, each as a new version; an old one
comes back."""

from __future__ import annotations

from server.domain import refusals
from server.domain.brand import AA, Brand, brand_trouble, logo_trouble, picture, unreadable
from server.store.brands import add_brand, find_brand, newest_brand, newest_logo
from server.store.unit import Unit

Logo = tuple[bytes, str]  # the file and its type


def publish_brand(unit: Unit, brand: Brand, base: int, file_logo: Logo | None) -> int:
    """Wear `brand`, made from version `base` (0: the files); its version. The logo stays.

    file_logo: the one of the hall's files, while nothing was published. Raises BrandStale, BrandWrong,
    InputInvalid.
    """
    _check_base(unit, base)
    newest = newest_brand(unit.connection, unit.hall)
    for no in unreadable(brand):
        raise refusals.BrandWrong(
            field=no.field, colour=no.colour, ratio=f"{no.ratio:.1f}", least=AA, better=no.better
        )
    trouble = brand_trouble(brand)
    if trouble:
        raise refusals.InputInvalid(fields=[dict(zip(("field", "zh", "en"), trouble, strict=True))])
    logo = newest_logo(unit.connection, unit.hall) if newest else file_logo
    made = add_brand(unit, brand, logo)
    unit.note("brand.publish", f"brand:{made}", **vars(brand))
    return made


def change_logo(unit: Unit, data: bytes | None, file_brand: Brand) -> int:
    """Wear this logo, or none; the new version. Raises LogoWrong."""
    newest = newest_brand(unit.connection, unit.hall)
    logo = None
    if data is not None:
        reason = logo_trouble(data)
        seen = picture(data)
        if reason or seen is None:
            raise refusals.LogoWrong(reason=reason)
        logo = data, seen[0]
    made = add_brand(unit, newest.brand if newest else file_brand, logo)
    unit.note("brand.logo", f"brand:{made}", bytes=len(data or b""))
    return made


def roll_brand_back(unit: Unit, version: int, base: int, files: tuple[Brand, Logo | None]) -> int:
    """Wear an older version again, as a new one, logo and all; its version.

    version 0: `files`, the colours and the logo of the hall's own files. Raises BrandStale, NotFound.
    """
    _check_base(unit, base)
    try:
        brand, logo = find_brand(unit.connection, unit.hall, version) if version else files
    except LookupError:
        raise refusals.NotFound() from None
    made = add_brand(unit, brand, logo)
    unit.note("brand.rollback", f"brand:{made}", rolled_back_to=version)
    return made


def _check_base(unit: Unit, base: int) -> None:
    newest = newest_brand(unit.connection, unit.hall)
    version = newest.version if newest else 0
    if base != version:
        raise refusals.BrandStale(version=version, base=base)
