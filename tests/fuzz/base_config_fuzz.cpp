#include <cstdint>
#include <string_view>

#include "base/config.h"

// Configuration files: any bytes either configure or are reported, never crash or take for ever.

namespace {

struct Group {
    std::string text = "$other";
    std::string other;
    std::chrono::seconds time{1};
    ferrite::TextMap map;
    std::vector<std::string> list;
    double number = 1;
    std::optional<std::uint32_t> mode;
    bool flag = false;
};

struct Options {
    Group group;
};

const ferrite::OptionTable<Options>& table() {
    using namespace ferrite;
    static const auto built = [] {
        OptionTable<Options> made;
        made.section<Group>("DEFAULT", &Options::group,
                            {{"text", &Group::text, text(), "", FormerName{"old", "text"}},
                             {"other", &Group::other, text(), ""},
                             {"time", &Group::time, seconds(), ""},
                             {"map", &Group::map, multi_dict(), ""},
                             {"list", &Group::list, list(), ""},
                             {"number", &Group::number, number(), ""},
                             {"mode", &Group::mode, octal(), ""},
                             {"flag", &Group::flag, flag(), ""}});
        return made;
    }();
    return built;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr ferrite::AcceptedSection accepted[] = {{"glance", "auth_url"}};
    auto parsed = ferrite::parse_ini({reinterpret_cast<const char*>(data), size}, "fuzz.conf");
    ferrite::ConfigReport report;
    ferrite::make_options(table(), accepted, parsed.entries, report);
    return 0;
}
