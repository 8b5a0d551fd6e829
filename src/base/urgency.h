#pragma once

namespace ferrite {

/// Who waits for the answer of a device: somebody who asked, or only a timer. What a timer asks is
/// only read, may be asked again at any time, and goes behind everything else.
enum class Urgency { user, poll };

}  // namespace ferrite
