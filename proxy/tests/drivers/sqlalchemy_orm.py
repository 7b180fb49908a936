"""SQLAlchemy's ORM: rows that are read redacted and written back, in part and as a whole, by psycopg and by asyncpg."""

import asyncio
import datetime
import json
import sys
import uuid
from typing import Optional

from sqlalchemy import DateTime, URL, create_engine, update
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from common import DATABASE, HOST, PASSWORD, PORT, USER


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    __table_args__ = {"schema": "clinical"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Optional[str]]
    ssn: Mapped[Optional[str]]
    born: Mapped[Optional[datetime.date]]
    admitted: Mapped[Optional[datetime.datetime]] = mapped_column(DateTime(timezone=True))
    patient_id: Mapped[Optional[uuid.UUID]]
    address: Mapped[Optional[str]] = mapped_column(INET)
    ssn_number: Mapped[Optional[int]]
    ward: Mapped[Optional[str]]
    beds: Mapped[Optional[int]]


COLUMNS = [column.key for column in Person.__table__.columns if column.key != "id"]


def state(run):
    try:
        run()
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", None) or str(error)
    return "ok"


def cases(make_session):
    """What becomes of each way to write."""
    told = {}

    def one_attribute():
        with make_session() as session:
            person = session.get(Person, 1)
            person.ward = "C3"
            session.commit()

    def every_attribute():
        with make_session() as session:
            person = session.get(Person, 1)
            for column in COLUMNS:
                flag_modified(person, column)
            session.commit()

    def one_statement():
        with make_session() as session:
            person = session.get(Person, 1)
            values = {column: getattr(person, column) for column in COLUMNS}
            session.execute(update(Person).where(Person.id == 1).values(**values))
            session.commit()

    told["one attribute"] = state(one_attribute)
    told["every attribute"] = state(every_attribute)
    told["one statement"] = state(one_statement)
    # One by one, so that none hides behind another.
    for column in COLUMNS:

        def alone():
            with make_session() as session:
                person = session.get(Person, 1)
                flag_modified(person, column)
                session.commit()

        told[column] = state(alone)
    return told


def url(driver):
    return URL.create(f"postgresql+{driver}", USER, PASSWORD, HOST, PORT, DATABASE)


def tell(driver, told):
    print(json.dumps({"driver": driver, "told": told}))
    sys.stdout.flush()


async def by_asyncpg():
    engine = create_async_engine(url("asyncpg"))
    async with engine.connect() as connection:
        told = await connection.run_sync(
            lambda sync: cases(lambda: Session(sync, join_transaction_mode="create_savepoint"))
        )
        await connection.commit()
    await engine.dispose()
    return told


def main():
    engine = create_engine(url("psycopg"))
    tell("psycopg", cases(lambda: Session(engine)))
    engine.dispose()
    tell("asyncpg", asyncio.run(by_asyncpg()))


main()
