"""How emails look: inline rules for mail programs, and the same as a style sheet for custom templates.

The name of a class stands for a paragraph of that class, unless the class is not for paragraphs.
"""

from django.template import Context, Library, TemplateSyntaxError
from django.template.base import Parser, TextNode, Token
from django.utils.safestring import SafeString

RULES = {
    "body": "margin: 0; padding: 0; background: #f7f5f0; color: #1d2126; "
    "font: 16px/1.5 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;",
    ".page": "background: #f7f5f0; width: 100%;",
    ".card": "background: #fffefb; width: 100%; max-width: 600px; border: 1px solid #e6e2d8; "
    "border-top: 4px solid #24527a; border-radius: 12px; border-collapse: separate;",
    ".card td": "padding: 28px 32px;",
    "h1": "font-size: 22px; line-height: 1.3; margin: 0 0 12px; color: #1d2126; overflow-wrap: anywhere;",
    "h2": "font-size: 17px; line-height: 1.3; margin: 24px 0 10px; color: #1d2126;",
    "p": "margin: 0 0 14px; overflow-wrap: anywhere;",
    ".brand": "font-size: 14px; font-weight: 700; color: #24527a; letter-spacing: .02em; margin: 0 0 20px;",
    ".late": "background: #faefdb; color: #7d4b00; border-radius: 8px; padding: 10px 14px;",
    ".facts": "color: #565b63;",
    ".foot": "font-size: 13px; color: #565b63; margin: 18px 0 0;",
    ".button": "display: inline-block; background: #24527a; color: #ffffff; text-decoration: none; font-weight: 600; "
    "padding: 11px 20px; border-radius: 8px;",
    ".quiet": "color: #24527a;",
    ".title": "color: #24527a; font-weight: 600;",
    ".action": "display: inline-block; border: 1px solid #88847a; color: #24527a; text-decoration: none; "
    "font-size: 15px; font-weight: 600; padding: 8px 14px; margin: 0 6px 8px 0; border-radius: 8px;",
    ".words": "border-left: 3px solid #88847a; padding-left: 12px;",
    ".end": "border-top: 1px solid #e6e2d8; padding-top: 16px;",
}


def _merged(*selectors: str) -> str:
    """The rules of all of them; a later one overrides an earlier one."""
    declarations: dict[str, str] = {}
    for selector in selectors:
        parts = (part.split(":", 1) for part in RULES[selector].split(";") if part.strip())
        declarations |= {name.strip(): value.strip() for name, value in parts}
    return "; ".join(f"{name}: {value}" for name, value in declarations.items())


STYLES = {name: _merged(name) for name in ("body", "h1", "h2", "p")}
STYLES |= {name: _merged(f".{name}") for name in ("page", "card", "button", "quiet", "title", "action")}
STYLES |= {name: _merged("p", f".{name}") for name in ("brand", "late", "facts", "foot", "words")}
STYLES |= {"end": _merged("p", ".foot", ".end"), "cell": _merged(".card td"), "span.facts": _merged(".facts")}
STYLESHEET = "\n".join(f"{selector} {{ {rules} }}" for selector, rules in RULES.items())
register = Library()


@register.tag
def style(_: Parser, token: Token) -> TextNode:
    """`{% style "facts" %}` is the style attribute of such an element, made when the template is compiled."""
    name = token.split_contents()[1].strip('"')
    if name not in STYLES:
        raise TemplateSyntaxError(f'There is no style "{name}".')
    return TextNode(f' style="{STYLES[name]}"')


@register.simple_tag(takes_context=True)
def stylesheet(context: Context) -> str:
    """`{% stylesheet %}` has the same rules for elements that only have a class. Our own emails need none."""
    return "" if context.get("is_ours") else SafeString(STYLESHEET)
