#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "ipmi/bmc_protocol.h"
#include "ipmi/sdr.h"

namespace ferrite::ipmi {

/// A full sensor record; `b_exponent` and so on as the specification codes them.
struct FullSensor {
    std::uint16_t id = 1;
    std::uint8_t number = 1;
    std::uint8_t type = 0x01;
    std::uint8_t event_type = 0x01;
    std::uint8_t unit_format = 0x00;
    std::uint8_t unit = 1;
    std::uint8_t linearization = 0;
    int m = 1, b = 0;
    int result_exponent = 0, b_exponent = 0;
    std::string_view name = "Temp";
    std::uint8_t owner = 0x20;

    Bytes bytes() const {
        ByteWriter out;
        out.u16_le(id).u8(0x51).u8(0x01).u8(static_cast<std::uint8_t>(43 + name.size()));
        out.u8(owner).u8(0).u8(number).u8(0x07).u8(1).u8(0x7F).u8(0x68).u8(type).u8(event_type);
        out.zeros(6).u8(unit_format).u8(unit).u8(0).u8(linearization);
        out.u8(static_cast<std::uint8_t>(m)).u8(static_cast<std::uint8_t>((m >> 8 & 3) << 6));
        out.u8(static_cast<std::uint8_t>(b)).u8(static_cast<std::uint8_t>((b >> 8 & 3) << 6));
        out.u8(0).u8(static_cast<std::uint8_t>((result_exponent & 0xF) << 4 | (b_exponent & 0xF)));
        out.zeros(17).u8(static_cast<std::uint8_t>(0xC0 | name.size())).text(name);
        return out.take();
    }
};

inline Bytes compact_sensor(std::uint16_t id, std::uint8_t number, std::uint8_t type,
                            std::string_view name) {
    ByteWriter out;
    out.u16_le(id).u8(0x51).u8(0x02).u8(static_cast<std::uint8_t>(27 + name.size()));
    out.u8(0x20).u8(0).u8(number).u8(0x0A).u8(1).u8(0).u8(0).u8(type).u8(0x6F);
    out.zeros(6).u8(0xC0).u8(0).u8(0).zeros(8);
    out.u8(static_cast<std::uint8_t>(0xC0 | name.size())).text(name);
    return out.take();
}

/// The sensor commands of a BMC: give its handle() to FakeBmc::more.
class SensorBmc {
public:
    std::vector<Bytes> records;
    std::map<std::uint8_t, Bytes> readings;  ///< By number; what is not there is refused.
    Bytes info{0x51, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    std::size_t longest_part = 0xFF;
    int lose_reservations = 0;
    int records_read = 0;

    std::optional<CommandReply> handle(const Request& request) {
        if (request.net_fn == 0x0A && request.command == 0x20) return CommandReply{0, info};
        if (request.net_fn == 0x0A && request.command == 0x22)
            return CommandReply{0, {++reservation_, 0}};
        if (request.net_fn == 0x0A && request.command == 0x23) return part(request.data);
        if (request.net_fn == 0x04 && request.command == 0x2D) {
            auto found = readings.find(request.data.at(0));
            if (found == readings.end()) return CommandReply{0xCB, {}};
            return CommandReply{0, found->second};
        }
        return std::nullopt;
    }

private:
    CommandReply part(ByteView data) {
        ByteReader in(data);
        auto reservation = in.u16_le(), id = in.u16_le();
        std::size_t offset = in.u8(), count = in.u8();
        if (offset > 0 && lose_reservations > 0) {
            --lose_reservations;
            ++reservation_;
        }
        if (reservation != reservation_) return {0xC5, {}};
        for (std::size_t i = 0; i < records.size(); ++i) {
            ByteReader record(records[i]);
            auto own = record.u16_le();
            if (own != id && !(id == 0 && i == 0)) continue;
            ByteWriter out;
            out.u16_le(i + 1 < records.size() ? ByteReader(records[i + 1]).u16_le() : 0xFFFF);
            auto rest = ByteView(records[i]).subspan(std::min(offset, records[i].size()));
            out.raw(rest.first(std::min({count, rest.size(), longest_part})));
            if (offset == 0) ++records_read;
            return {0, out.take()};
        }
        return {0xCB, {}};
    }

    std::uint8_t reservation_ = 0;
};

}  // namespace ferrite::ipmi
