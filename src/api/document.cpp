#include "api/document.h"

namespace ferrite::api {
namespace {

void append_number(std::string& out, unsigned number, int digits) {
    char text[8];
    for (int i = digits - 1; i >= 0; --i, number /= 10)
        text[i] = static_cast<char>('0' + number % 10);
    out.append(text, static_cast<std::size_t>(digits));
}

}  // namespace

/// The same text as to_text(Timestamp), without its detours: lists write thousands of these.
void append_timestamp(std::string& out, Timestamp time) {
    using namespace std::chrono;
    auto day = floor<days>(time);
    year_month_day date(day);
    hh_mm_ss clock(time - day);
    int year = static_cast<int>(date.year());
    if (year < 0 || year > 9999) {
        append_json_string(out, to_text(time));
        return;
    }
    out += '"';
    append_number(out, static_cast<unsigned>(year), 4);
    out += '-';
    append_number(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_number(out, static_cast<unsigned>(clock.hours().count()), 2);
    out += ':';
    append_number(out, static_cast<unsigned>(clock.minutes().count()), 2);
    out += ':';
    append_number(out, static_cast<unsigned>(clock.seconds().count()), 2);
    if (auto fraction = clock.subseconds().count(); fraction != 0) {
        out += '.';
        append_number(out, static_cast<unsigned>(fraction), 6);
    }
    out += "+00:00\"";
}

}  // namespace ferrite::api
