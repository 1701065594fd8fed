#include "platform_simulator/behaviour/bakery_names.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

#include "platform_simulator/behaviour/draws.h"

namespace orchestrator::simulator {
namespace {

constexpr std::string_view madrid_time = "Europe/Madrid", canary_time = "Atlantic/Canary";

// Big towns stand several times: that is their weight.
constexpr place places[] = {
    {"Madrid", "ES-MD", madrid_time, "es"},
    {"Madrid", "ES-MD", madrid_time, "es"},
    {"Madrid", "ES-MD", madrid_time, "es"},
    {"Alcalá de Henares", "ES-MD", madrid_time, "es"},
    {"Barcelona", "ES-CT", madrid_time, "ca"},
    {"Barcelona", "ES-CT", madrid_time, "ca"},
    {"Girona", "ES-CT", madrid_time, "ca"},
    {"Tarragona", "ES-CT", madrid_time, "ca"},
    {"Sevilla", "ES-AN", madrid_time, "es"},
    {"Sevilla", "ES-AN", madrid_time, "es"},
    {"Málaga", "ES-AN", madrid_time, "es"},
    {"Granada", "ES-AN", madrid_time, "es"},
    {"Córdoba", "ES-AN", madrid_time, "es"},
    {"Cádiz", "ES-AN", madrid_time, "es"},
    {"València", "ES-VC", madrid_time, "ca"},
    {"València", "ES-VC", madrid_time, "ca"},
    {"Alacant", "ES-VC", madrid_time, "ca"},
    {"A Coruña", "ES-GA", madrid_time, "gl"},
    {"Vigo", "ES-GA", madrid_time, "gl"},
    {"Santiago de Compostela", "ES-GA", madrid_time, "gl"},
    {"Bilbao", "ES-PV", madrid_time, "eu"},
    {"Donostia", "ES-PV", madrid_time, "eu"},
    {"Vitoria-Gasteiz", "ES-PV", madrid_time, "eu"},
    {"Valladolid", "ES-CL", madrid_time, "es"},
    {"Salamanca", "ES-CL", madrid_time, "es"},
    {"Burgos", "ES-CL", madrid_time, "es"},
    {"Toledo", "ES-CM", madrid_time, "es"},
    {"Albacete", "ES-CM", madrid_time, "es"},
    {"Zaragoza", "ES-AR", madrid_time, "es"},
    {"Oviedo", "ES-AS", madrid_time, "es"},
    {"Gijón", "ES-AS", madrid_time, "es"},
    {"Santander", "ES-CB", madrid_time, "es"},
    {"Logroño", "ES-RI", madrid_time, "es"},
    {"Pamplona", "ES-NC", madrid_time, "es"},
    {"Badajoz", "ES-EX", madrid_time, "es"},
    {"Murcia", "ES-MC", madrid_time, "es"},
    {"Palma", "ES-IB", madrid_time, "ca"},
    {"Ceuta", "ES-CE", madrid_time, "es"},
    {"Las Palmas de Gran Canaria", "ES-CN", canary_time, "es"},
    {"Santa Cruz de Tenerife", "ES-CN", canary_time, "es"},
    {"San Cristóbal de La Laguna", "ES-CN", canary_time, "es"},
};

constexpr std::string_view spanish_kinds[] = {"Panadería", "Panadería Hermanos", "Horno",       "Obrador",
                                              "Tahona",    "Pastelería",         "La Panera de"};
constexpr std::string_view spanish_names[] = {
    "García",   "Ortega",  "Núñez",   "Casado",  "Molina",     "Serrano",        "Ibáñez",    "Cabrera",
    "Peña",     "Santana", "Crespo",  "Herrera", "San Isidro", "Santa Teresa",   "San Blas",  "La Espiga",
    "El Pilar", "La Rosa", "Moncada", "Benítez", "Zamora",     "La Abuela Inés", "El Molino", "Villanueva"};

constexpr std::string_view catalan_kinds[] = {"Forn", "Fleca", "Forn de Pa", "Pastisseria"};
constexpr std::string_view catalan_names[] = {"Sant Jordi",    "Puig",          "Ferrer", "Vilanova",
                                              "Santa Eulàlia", "Bonet",         "Soler",  "Mas Ventós",
                                              "Can Roca",      "l'Espiga d'Or", "Llopis", "Mercadal"};

constexpr std::string_view basque_kinds[] = {"Okindegia", "Ogitegia", "Gozotegia"};
constexpr std::string_view basque_names[] = {"Etxeberria", "Agirre", "Goikoetxea", "Zubiaurre", "Mendizabal", "Ibarra"};

constexpr std::string_view galician_kinds[] = {"Panadaría", "Forno", "Pastelaría"};
constexpr std::string_view galician_names[] = {"Outeiro", "Castro", "Rosalía", "Carballo", "O Muíño", "Pereira"};

constexpr std::string_view quarters[] = {"Centro", "Estación", "Mercado", "Universidad", "Plaza Mayor", "Hospital"};

using words = std::span<const std::string_view>;

std::pair<words, words> words_of(std::string_view language) {
    if (language == "ca") return {catalan_kinds, catalan_names};
    if (language == "eu") return {basque_kinds, basque_names};
    if (language == "gl") return {galician_kinds, galician_names};
    return {spanish_kinds, spanish_names};
}

// The letters of the names above that are not ASCII, by the second byte of their UTF-8 form (the first is 0xC3).
char plain_letter(unsigned char second) {
    switch (second) {
        case 0xa1:
        case 0x81:
        case 0xa0:
            return 'a';
        case 0xa9:
        case 0x89:
        case 0xa8:
            return 'e';
        case 0xad:
        case 0x8d:
            return 'i';
        case 0xb3:
        case 0x93:
        case 0xb2:
            return 'o';
        case 0xba:
        case 0x9a:
        case 0xbc:
            return 'u';
        case 0xb1:
        case 0x91:
            return 'n';
        case 0xa7:
            return 'c';
        default:
            return '-';
    }
}

}  // namespace

const place& drawn_place(std::uint64_t drawn) { return places[as_index(drawn, std::size(places))]; }

std::string drawn_bakery_name(const place& where, std::uint64_t drawn) {
    const auto [kinds, names] = words_of(where.language);
    return fmt::format("{} {}", kinds[as_index(drawn, kinds.size())], names[as_index(drawn >> 20, names.size())]);
}

std::string_view branch_quarter(std::size_t number) { return quarters[number % std::size(quarters)]; }

std::string as_subdomain(std::string_view name) {
    std::string text;
    for (std::size_t i = 0; i < name.size(); ++i) {
        char c = name[i];
        if (c == '\xc3' && i + 1 < name.size()) c = plain_letter(static_cast<unsigned char>(name[++i]));
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        const bool usable = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (usable)
            text += c;
        else if (!text.empty() && text.back() != '-')
            text += '-';
    }
    while (text.ends_with('-')) text.pop_back();
    return text;
}

}  // namespace orchestrator::simulator
