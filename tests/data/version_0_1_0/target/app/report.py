from app.old import OrderRegistry
from app.stock import count

PAGES = {}


def show(page, seen=[]):
    seen.append(page)
    PAGES[page] = OrderRegistry
    return seen, count
