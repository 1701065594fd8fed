"""Compares the shipped calendars of Spain (stdin: what calendar_days prints) with Debian's python3-holidays, 2000-2037.

Its version 0.10 of 2020 has one rough rule for all years. So there are differences, and each has to be explained here;
one that is not, and an explanation that is not needed any more, fail the test. BOE: the yearly resolution of the Dirección
General de Trabajo that publishes the "relación de fiestas laborales"; docs/calendars.md lists them by year.
"""

import collections
import datetime
import re
import sys

import holidays

FIRST, LAST = 2000, 2037
PROVINCES = {
    "ES": None, "ES-AN": "AND", "ES-AR": "ARG", "ES-AS": "AST", "ES-CB": "CAN", "ES-CM": "CAM", "ES-CL": "CAL",
    "ES-CT": "CAT", "ES-VC": "CVA", "ES-EX": "EXT", "ES-GA": "GAL", "ES-IB": "IBA", "ES-CN": "ICA", "ES-MD": "MAD",
    "ES-MC": "MUR", "ES-NC": "NAV", "ES-PV": "PVA", "ES-RI": "RIO",
}  # Ceuta and Melilla: it does not know them

CHOSEN = "chosen for single years by the community, BOE of those years"
MOVED = "kept on the Monday by the community, BOE of the years with such a Sunday; it leaves every day on its Sunday"

# (whose day it is, its name, the calendars concerned, why)
EXPLANATIONS = [
    ("ours", "Lunes siguiente a .*", "*", MOVED),
    ("theirs", "Día de (Andalucia|Asturias|Canarias|Castilla y Leon|Comunidad De Madrid|Extremadura|La Rioja|San Jorge|"
               "la Región de Murcia|las Islas Baleares)", "ES-AN ES-AS ES-CN ES-CL ES-MD ES-EX ES-RI ES-AR ES-MC ES-IB",
     "a Sunday, or a year in which the community chose another day: " + MOVED),
    ("theirs", "Día de Castilla - La Mancha", "ES-CM", "28 February is Andalucía's; the day is 31 May (Ley 1/1984)"),
    ("ours", "Día de Castilla-La Mancha", "ES-CM", "31 May (Ley 1/1984)"),
    ("theirs", "Día de la Montaña", "ES-CB", "28 February is Andalucía's; no public holiday in any BOE"),
    ("ours", "Día de las Instituciones de Cantabria|La Bien Aparecida", "ES-CB", "28 July and 15 September, BOE of each year"),
    ("theirs", "Día de Navarra", "ES-NC", "27 September is no public holiday; San Francisco Javier, 3 December, is: BOE of each year"),
    ("ours", "San Francisco Javier", "ES-NC", "3 December, BOE of each year"),
    ("theirs", "Día del Páis Vasco", "ES-PV", "a holiday in 2011-2014 only: Ley 8/2010, repealed by the BOE of 2015"),
    ("ours", "Santiago Apóstol", "ES-CB ES-CL ES-MD ES-NC ES-PV ES-RI", CHOSEN),
    ("theirs", "Jueves Santo", "ES-CB ES-VC", "not in Valencia unless another day falls on a Sunday, nor in Cantabria in 2018"),
    ("theirs", "Lunes de Pascua", "ES-IB", "not in 2014 and 2025, BOE of those years"),
    ("ours", "Lunes de Pascua", "ES-CB ES-CM ES-RI", CHOSEN),
    ("theirs", "San Esteban", "ES-IB", CHOSEN),
    ("theirs", "San José", "ES-MD ES-MC ES-NC ES-PV", CHOSEN + "; it has it each year"),
    ("ours", "San José", "ES-CM ES-CL ES-EX ES-GA ES-RI", CHOSEN),
    ("ours", "(Día siguiente a|Traslado de) San José|Lunes de Fallas", "ES-GA ES-MD ES-VC", CHOSEN),
    ("theirs", "San Juan", "ES-GA", CHOSEN + "; it has it each year"),
    ("ours", "San Juan", "ES-VC", "since 2019, BOE of each year"),
    ("ours", "Corpus Christi", "ES-CM ES-MD", CHOSEN),
    ("ours", "Lunes de Pascua Granada", "ES-CT", CHOSEN),
    ("ours", "Martes de Carnaval", "ES-EX", CHOSEN),
    ("ours", "Día de las Letras Gallegas", "ES-GA", "17 May, a holiday since 1991: BOE of each year"),
    ("ours", "80 aniversario del primer Gobierno Vasco|V centenario de la vuelta al mundo", "ES-PV", CHOSEN),
]


def read_ours():
    ours = collections.defaultdict(dict)
    for line in sys.stdin:
        code, date, name = line.rstrip("\n").split(" ", 2)
        ours[code].setdefault(datetime.date.fromisoformat(date), name)
    return ours


def explanation_of(side, name, code):
    for entry in EXPLANATIONS:
        if entry[0] == side and re.fullmatch(entry[1], name) and (entry[2] == "*" or code in entry[2].split()):
            return entry
    return None


def main():
    ours = read_ours()
    used, unexplained, same = collections.Counter(), [], 0
    for code, province in PROVINCES.items():
        theirs = holidays.Spain(prov=province, years=range(FIRST, LAST + 1))
        assert len(ours[code]) > 10 * (LAST - FIRST), code
        for date in sorted(set(theirs) | set(ours[code])):
            if date in theirs and date in ours[code]:
                same += 1
                continue
            side = "theirs" if date in theirs else "ours"
            name = theirs[date] if date in theirs else ours[code][date]
            entry = explanation_of(side, name, code)
            if entry:
                used[entry] += 1
            else:
                unexplained.append(f"{code} {date} {name}: only {side}")
    idle = [entry for entry in EXPLANATIONS if not used[entry]]
    for line in unexplained:
        print("unexplained:", line)
    for entry in idle:
        print("explains nothing:", entry[0], entry[1])
    print(f"{same} days are the same, {sum(used.values())} differ for {len(used)} known reasons, {len(unexplained)} are unexplained")
    return 1 if unexplained or idle else 0


sys.exit(main())
