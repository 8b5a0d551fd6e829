// Any bytes as a datagram: headers, messages and login messages must be taken apart or refused.

#include <cstddef>
#include <cstdint>

#include "ipmi/chassis.h"
#include "ipmi/device_id.h"
#include "ipmi/message.h"
#include "ipmi/packet.h"
#include "ipmi/rakp.h"
#include "ipmi/sdr.h"

using namespace ferrite;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView bytes(data, size);
    ipmi::parse_sdr_part(bytes);
    ipmi::parse_reservation(bytes);
    if (auto sensor = ipmi::parse_sensor_record(bytes)) {
        ipmi::unit_text(*sensor);
        if (auto reading = ipmi::parse_sensor_reading(bytes)) {
            ipmi::status_text(*sensor, *reading);
            ipmi::value_of(*sensor, reading->raw.value_or(0));
        }
    }
    ipmi::answer_presence_ping(bytes);
    if (auto packet = ipmi::parse_packet(bytes)) {
        ipmi::console_session_id(*packet);
        const auto* v15 = std::get_if<ipmi::PacketV15>(&*packet);
        auto body = v15 != nullptr ? v15->message : std::get<ipmi::PacketV20>(*packet).payload;
        ipmi::parse_request(body);
        if (auto response = ipmi::parse_response(body)) {
            ipmi::parse_power_state(response->data);
            ipmi::parse_boot_flags(response->data);
            ipmi::parse_device_id(response->data);
        }
        ipmi::parse_open_session_request(body);
        ipmi::parse_open_session_response(body);
        ipmi::parse_rakp1(body);
        ipmi::parse_rakp2(body);
        ipmi::parse_rakp3(body);
        ipmi::parse_rakp4(body);
    }
    return 0;
}
