#include "agent/smbios.h"

#include <gtest/gtest.h>

namespace ferrite::agent {
namespace {

void put_strings(ByteWriter& out, std::initializer_list<std::string_view> strings) {
    for (auto text : strings) out.text(text).u8(0);
    if (strings.size() == 0) out.u8(0);
    out.u8(0);
}

void put_memory(ByteWriter& out, std::uint16_t size, std::uint32_t extended) {
    out.u8(17).u8(0x28).u16_le(0x11).zeros(8).u16_le(size).zeros(14).u32_le(extended).zeros(8);
    put_strings(out, {});
}

Bytes sample() {
    ByteWriter out;
    out.u8(0).u8(0x18).u16_le(0).u8(1).u8(2).zeros(2).u8(3).zeros(15);
    put_strings(out, {"Firm Ware", "1.2", "04/01/2014"});
    out.u8(1).u8(0x1b).u16_le(1).u8(1).u8(2).u8(0).u8(3).zeros(19);
    put_strings(out, {"Maker", "Model 7 ", "SN-1"});
    put_memory(out, 4096, 0);
    put_memory(out, 0x7fff, 65536);
    put_memory(out, 0, 0);
    put_memory(out, 0x8000 | 2048, 0);
    out.u8(127).u8(4).u16_le(9);
    put_strings(out, {});
    put_memory(out, 1, 0);
    return out.take();
}

TEST(Smbios, ReadsSystemFirmwareAndMemory) {
    auto facts = parse_smbios(sample());
    EXPECT_EQ(facts.manufacturer, "Maker");
    EXPECT_EQ(facts.product_name, "Model 7");
    EXPECT_EQ(facts.serial_number, "SN-1");
    EXPECT_EQ(facts.firmware_vendor, "Firm Ware");
    EXPECT_EQ(facts.firmware_version, "1.2");
    EXPECT_EQ(facts.firmware_date, "04/01/2014");
    EXPECT_EQ(facts.installed_memory_mib, 4096u + 65536u + 2u);
}

TEST(Smbios, EndsAtDamage) {
    auto table = sample();
    for (std::size_t length = 0; length < table.size(); ++length)
        parse_smbios(ByteView(table).first(length));
    table[1] = 2;
    EXPECT_EQ(parse_smbios(table).manufacturer, "");
}

}  // namespace
}  // namespace ferrite::agent
