"""`python -m tradewind.domain.schemas`: write the schemas of the events anew from the models."""

from tradewind.domain.schemas import write

if __name__ == "__main__":
    write()
