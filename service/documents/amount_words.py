"""Amounts of money as a Chinese paper writes them: 大写, and 万元 with every digit.

Source: 《支付结算办法》 (People's Bank of China), annex 1, articles 1 to 4. Where the annex allows two
spellings, the first one it prints is written, and 整 also follows 角.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, localcontext

from gis.errors import UsageError

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_YI, _WAN = 10**8, 10**4
_LIMIT = 10**16
"""From 亿亿 on there is no agreed spelling."""
_EXACT = Context(prec=60, traps=[Inexact])


def upper(amount: Decimal) -> str:
    """Return an amount of yuan in capital words (大写), such as ``人民币捌拾万元整``.

    Parameters
    ----------
    amount
        Yuan, whole fen. A negative amount (money given back) is written with 负 after 人民币.

    Raises
    ------
    UsageError
        ``amount_not_fen`` when it is no finite number of whole fen, or reaches 10^16 yuan.
    """
    fen = _fen(amount)
    yuan, rest = divmod(abs(fen), 100)
    jiao, fen_digit = divmod(rest, 10)
    words = f"{_integer(yuan)}元" if yuan else ""
    if jiao:
        # 1,680.32 is written 壹仟陆佰捌拾元零叁角贰分: the zero in the place of the yuan is read.
        words += f"{'零' if yuan and yuan % 10 == 0 else ''}{_DIGITS[jiao]}角"
    elif fen_digit and yuan:
        words += "零"
    if fen_digit:
        words += f"{_DIGITS[fen_digit]}分"
    else:
        words = f"{words or '零元'}整"
    return f"人民币{'负' if fen < 0 else ''}{words}"


def wan(amount: Decimal) -> str:
    """Return an amount of yuan as a number of 万元, exact and without trailing zeros: ``80``, ``9.5``, ``-0.0005``.

    Raises
    ------
    UsageError
        ``amount_not_fen``, as `upper`.
    """
    fen = _fen(amount)
    with localcontext(_EXACT):
        text = f"{Decimal(fen).scaleb(-6):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _fen(amount: Decimal) -> int:
    if amount.is_finite() and abs(amount) < _LIMIT:
        with localcontext(_EXACT):
            fen = amount.scaleb(2)
        if fen == fen.to_integral_value():
            return int(fen)
    raise UsageError(
        "amount_not_fen",
        f"金额 {amount} 不是整分的元数，或超过一亿亿元：请给出到分为止的金额",
        f"the amount {amount} is not a number of yuan in whole fen below 10^16: give it to the fen",
        value=str(amount),
    )


def _integer(number: int) -> str:
    """Return a positive whole number in words."""
    for base, name in ((_YI, "亿"), (_WAN, "万")):
        if number >= base:
            high, low = divmod(number, base)
            gap = "零" if 0 < low < base // 10 else ""
            return f"{_integer(high)}{name}{gap}{_integer(low) if low else ''}"
    words, skipped = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if skipped and words else "") + _DIGITS[digit] + _PLACES[place]
        skipped = not digit
    return words
