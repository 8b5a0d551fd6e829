#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"
#include "ipmi/sdr.h"

namespace ferrite::ipmi {

/// A sensor and what it shows.
struct Sensor {
    SensorRecord record;
    SensorReading reading;
};

/// Reads the sensors of a BMC. Their records, some hundred exchanges, are read once and kept until
/// the BMC says that they changed.
class SensorReader {
public:
    /// Runs one command and brings its answer. Throws ipmi::Error.
    using Call = std::function<Task<Bytes>(Request)>;

    /// Every sensor of the BMC's own. One that cannot be read is there without a reading; throws
    /// ipmi::Error when the records cannot be had, or the BMC stops answering. `self` and `call`
    /// live until then.
    static Task<std::vector<Sensor>> read(std::shared_ptr<SensorReader> self, Call call);

private:
    using Records = std::vector<SensorRecord>;
    static Task<std::shared_ptr<const Records>> records(std::shared_ptr<SensorReader> self,
                                                        const Call* call);

    std::mutex mutex_;
    Bytes repository_;  ///< What the BMC said of its repository when the records were read.
    std::shared_ptr<const Records> records_;
};

}  // namespace ferrite::ipmi
