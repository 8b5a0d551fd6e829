#include "ipmi/session.h"

#include <utility>

namespace ferrite::ipmi {
namespace {

// These are free functions, so that a coroutine holds the line and not the session.

template <typename Answer>
Task<Answer> ask(std::shared_ptr<Line> line, Target target, Request request,
                 std::optional<Answer> (*parse)(ByteView), Urgency urgency = Urgency::user) {
    auto data = co_await line->call(std::move(request), urgency);
    auto answer = parse(data);
    if (!answer)
        throw Error({.reason = Reason::protocol,
                     .detail = "its answer is too short or names something unknown"},
                    target);
    co_return std::move(*answer);
}

Task<> tell(std::shared_ptr<Line> line, Request request) {
    co_await line->call(std::move(request), Urgency::user);
}

Task<> hang_up(std::shared_ptr<Line> line) {
    line->close();
    co_return;
}

}  // namespace

Session::Session(Transport& transport, SessionOptions options)
    : target_{options.host, options.port, options.user},
      sensors_(std::make_shared<SensorReader>()) {
    line_ = transport.connect(std::move(options));
}

Session::~Session() {
    if (line_) line_->close();
}

Task<PowerState> Session::power_state(Urgency urgency) {
    return ask(line_, target_, get_chassis_status(), parse_power_state, urgency);
}

Task<> Session::power(PowerAction action) {
    return tell(line_, chassis_control(action));
}

Task<> Session::set_boot_device(BootDevice device, Persistence persistence, Firmware firmware,
                                DiskCode disk) {
    return tell(line_, set_boot_flags(device, persistence, firmware, disk));
}

Task<BootDeviceSetting> Session::boot_device() {
    return ask(line_, target_, get_boot_flags(), parse_boot_flags);
}

Task<> Session::disable_boot_timeout() {
    return tell(line_, disable_boot_flag_timeout());
}

Task<DeviceId> Session::device_id() {
    return ask(line_, target_, get_device_id(), parse_device_id);
}

Task<std::vector<Sensor>> Session::sensors(Urgency urgency) {
    return SensorReader::read(sensors_, [line = line_, urgency](Request request) {
        return line->call(std::move(request), urgency);
    });
}

Task<Bytes> Session::raw(std::uint8_t net_fn, std::uint8_t command, Bytes data, Urgency urgency) {
    return line_->call({net_fn, command, std::move(data)}, urgency);
}

Task<> Session::close() {
    return hang_up(line_);
}

}  // namespace ferrite::ipmi
