"""That a page is well-formed, stands alone and draws what it is given: check.py PAGE [NAME…]."""
import re
import sys
import xml.etree.ElementTree as tree

path, *names = sys.argv[1:]
with open(path, encoding="utf-8") as stream:
    text = stream.read()
page = tree.fromstring(text)
space = "{http://www.w3.org/1999/xhtml}"
assert not list(page.iter(f"{space}script")), "a script"
foreign = re.findall(r"(?:src|href)\s*=|https?://(?!www\.w3\.org/1999/xhtml\")", text)
assert not foreign, foreign
numbers = re.findall(r"\b(?:nan|inf)\b", text)
assert not numbers, "a place that is no number"
plots = list(page.iter(f"{space}svg"))
series = [group.find(f"{space}text").text for plot in plots for group in plot.iter(f"{space}g")]
shown = "".join(page.itertext())
for name in names:
    assert name in series or name in shown, f"{name} is not shown; series: {series}"
print(f"{len(plots)} plots, series: {', '.join(series)}")
