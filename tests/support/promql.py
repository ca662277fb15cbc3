"""PromQL, as much of it as our alerts and our dashboard use."""

import re
from collections.abc import Iterator

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.])|Inf\b)
      | (?P<name>[A-Za-z_:][\w:]*)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<range>\[[1-9][0-9]*[smhdwy]\])
      | (?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^(){},=<>])
    )""",
    re.VERBOSE,
)
FUNCTIONS = {"changes", "label_values", "min_over_time", "rate", "time"}
AGGREGATIONS = {"max", "min", "sum", "topk"}
MODIFIERS = {"by", "ignoring", "on"}
SETS = {"and", "or", "unless"}
COMPARISONS = {"==", "!=", "<", ">", "<=", ">="}


class Query:
    """Reads an expression, and gathers what it names; ValueError if it is none."""

    def __init__(self, text: str) -> None:
        self.tokens = list(self._tokens(text.strip()))
        self.at = 0
        self.metrics: list[tuple[str, set[str]]] = []
        self._expression()
        if self.at != len(self.tokens):
            raise ValueError(f"{self.tokens[self.at :]} is left of {text}")

    @staticmethod
    def _tokens(text: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise ValueError(f"{text[at:]!r} cannot be read")
            yield match.lastgroup, match[match.lastgroup]
            at = match.end()

    def _next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _take(self, *wanted: str) -> str:
        kind, text = self._next()
        if text not in wanted and kind not in wanted:
            raise ValueError(f"{text!r} is none of {wanted}")
        self.at += 1
        return text

    def _expression(self) -> None:
        self._operand()
        while self._next()[1] in {*"+-*/%^", *COMPARISONS, *SETS}:
            self.at += 1
            if self._next()[1] in MODIFIERS:
                self._labels()
            self._operand()

    def _labels(self) -> None:
        self._take(*MODIFIERS)
        self._take("(")
        while self._take("name") and self._take(",", ")") == ",":
            pass

    def _operand(self) -> None:
        if self._next()[1] in {"+", "-"}:
            self.at += 1
        kind, text = self._next()
        if kind == "number":
            self.at += 1
        elif text == "(":
            self.at += 1
            self._expression()
            self._take(")")
        elif text in FUNCTIONS | AGGREGATIONS:
            self._call(text)
        else:
            self._selector()

    def _call(self, name: str) -> None:
        self.at += 1
        if name in AGGREGATIONS and self._next()[1] in MODIFIERS:
            self._labels()
        self._take("(")
        if self._next()[1] == ")":
            self._take(")")
            return
        self._expression()
        while self._take(",", ")") == ",":
            self._expression()

    def _selector(self) -> None:
        name, labels = self._take("name"), set()
        if self._next()[1] == "{":
            self._take("{")
            while self._next()[1] != "}":
                labels.add(self._take("name"))
                operator, value = self._take("=", "!=", "=~", "!~"), self._take("text")
                if operator.endswith("~") and not value.startswith('"$'):
                    re.compile(value[1:-1])
                if self._next()[1] == ",":
                    self._take(",")
            self._take("}")
        if self._next()[0] == "range":
            self._take("range")
        self.metrics.append((name, labels))
