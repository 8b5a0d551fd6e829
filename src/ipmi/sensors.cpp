#include "ipmi/sensors.h"

#include <algorithm>
#include <set>

#include "ipmi/error.h"

namespace ferrite::ipmi {
namespace {

/// What no repository exceeds: a BMC that hands out records for ever is not believed.
constexpr std::size_t kMostRecords = 1024;
/// As much of a record as every BMC hands out at once.
constexpr std::size_t kChunk = 16;
constexpr unsigned kMostLostReservations = 8;
constexpr std::uint8_t kReservationLost = 0xC5;
constexpr std::uint8_t kBmcAddress = 0x20;

bool is_over(const Error& error) {
    return error.reason() != Reason::refused && error.reason() != Reason::protocol;
}

struct Record {
    Bytes bytes;
    std::uint16_t next = kLastRecord;
};

Task<std::uint16_t> reserve(const SensorReader::Call* call) {
    auto id = parse_reservation(co_await (*call)(reserve_sdr_repository()));
    co_return id.value_or(0);
}

/// One record, its header first, which says how long it is.
Task<Record> read_record(const SensorReader::Call* call, std::uint16_t reservation,
                         std::uint16_t id) {
    Record record;
    std::size_t size = kSdrHeaderSize;
    while (record.bytes.size() < size) {
        auto count = std::min(kChunk, size - record.bytes.size());
        auto answer = co_await (*call)(get_sdr(reservation, id,
                                               static_cast<std::uint8_t>(record.bytes.size()),
                                               static_cast<std::uint8_t>(count)));
        auto part = parse_sdr_part(answer);
        if (!part || part->data.empty()) co_return record;
        record.next = part->next_record;
        auto data = part->data.first(std::min(count, part->data.size()));
        record.bytes.insert(record.bytes.end(), data.begin(), data.end());
        if (size == kSdrHeaderSize && record.bytes.size() >= size)
            size += record.bytes[kSdrHeaderSize - 1];
        // Offsets are one byte; no sensor's record is that long.
        if (size > 0xFF) co_return record;
    }
    co_return record;
}

Task<std::vector<SensorRecord>> read_records(const SensorReader::Call* call) {
    std::vector<SensorRecord> sensors;
    std::set<std::uint16_t> seen;
    auto reservation = co_await reserve(call);
    unsigned lost = 0;
    for (auto id = kFirstRecord; id != kLastRecord && seen.size() < kMostRecords;) {
        Record record;
        bool again = false;
        try {
            record = co_await read_record(call, reservation, id);
        } catch (const Error& error) {
            again = error.completion_code() == kReservationLost && ++lost < kMostLostReservations;
            if (!again) throw;
        }
        if (again) {
            reservation = co_await reserve(call);
            continue;
        }
        // By its own number: the first is also asked for as number 0.
        auto own = ByteReader(record.bytes).u16_le();
        if (!seen.insert(own).second) break;
        auto sensor = parse_sensor_record(record.bytes);
        if (sensor && sensor->owner == kBmcAddress && sensor->lun == 0)
            sensors.push_back(std::move(*sensor));
        id = record.next;
    }
    co_return sensors;
}

}  // namespace

Task<std::shared_ptr<const SensorReader::Records>> SensorReader::records(
    std::shared_ptr<SensorReader> self, const Call* call) {
    auto repository = co_await (*call)(get_sdr_repository_info());
    {
        std::lock_guard lock(self->mutex_);
        if (self->records_ && self->repository_ == repository) co_return self->records_;
    }
    auto fresh = std::make_shared<const Records>(co_await read_records(call));
    std::lock_guard lock(self->mutex_);
    self->repository_ = std::move(repository);
    self->records_ = fresh;
    co_return fresh;
}

Task<std::vector<Sensor>> SensorReader::read(std::shared_ptr<SensorReader> self, Call call) {
    auto known = co_await records(self, &call);
    std::vector<Sensor> sensors;
    sensors.reserve(known->size());
    for (const auto& record : *known) {
        Sensor sensor{.record = record, .reading = {}};
        try {
            auto answer = co_await call(get_sensor_reading(record));
            if (auto reading = parse_sensor_reading(answer)) sensor.reading = *reading;
        } catch (const Error& error) {
            if (is_over(error)) throw;
        }
        sensors.push_back(std::move(sensor));
    }
    co_return sensors;
}

}  // namespace ferrite::ipmi
