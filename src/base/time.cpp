#include "base/time.h"

#include <fmt/core.h>

namespace ferrite {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

/// Reads fixed-width decimal fields and separators from the front of a text.
class FieldReader {
public:
    explicit FieldReader(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        if (rest_.size() < count) return fail();
        int value = 0;
        for (char c : rest_.substr(0, count)) {
            if (c < '0' || c > '9') return fail();
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    bool optional(char c) {
        if (failed_ || !rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void literal(std::string_view text) {
        if (!rest_.starts_with(text)) {
            fail();
            return;
        }
        rest_.remove_prefix(text.size());
    }
    bool done() const { return !failed_ && rest_.empty(); }

private:
    int fail() {
        failed_ = true;
        return 0;
    }

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace

Timestamp now_seconds() {
    return std::chrono::floor<seconds>(std::chrono::system_clock::now());
}

std::string to_text(Timestamp time) {
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date(day);
    std::chrono::hh_mm_ss clock(time - day);
    auto text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (auto fraction = clock.subseconds().count(); fraction != 0)
        text += fmt::format(".{:06}", fraction);
    return text += "+00:00";
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    FieldReader in(text);
    int year = in.digits(4);
    in.literal("-");
    auto month = static_cast<unsigned>(in.digits(2));
    in.literal("-");
    auto day = static_cast<unsigned>(in.digits(2));
    in.literal("T");
    int hour = in.digits(2);
    in.literal(":");
    int minute = in.digits(2);
    in.literal(":");
    int second = in.digits(2);
    int fraction = in.optional('.') ? in.digits(6) : 0;
    in.literal("+00:00");

    std::chrono::year_month_day date(std::chrono::year{year}, std::chrono::month{month},
                                     std::chrono::day{day});
    if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           seconds(second) + microseconds(fraction);
}

}  // namespace ferrite
