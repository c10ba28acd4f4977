// Every limit of documents and links in one place. A limit that a peer may meet is part of
// PROTOCOL.md: lowering one there is a change of the protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace solidaires::limits {

inline constexpr std::size_t kFieldKeyBytes = 200;
inline constexpr std::size_t kFieldValueBytes = 256UL * 1024;
inline constexpr std::size_t kDocumentFields = 2000;
inline constexpr std::size_t kDocumentBytes = 1024UL * 1024;
inline constexpr std::size_t kDocumentTypeBytes = 60;
inline constexpr std::size_t kVersionsPerField = 64;
inline constexpr std::size_t kContextReplicas = 4096;
// What a merge of valid copies may reach before it is refused: such a document still fits a frame.
inline constexpr std::size_t kMergedFactor = 2;
inline constexpr std::int64_t kStampMsMax = 253'402'300'799'999;  // the end of the year 9999

inline constexpr std::size_t kEraseTargets = 1000;     // documents that one order names
inline constexpr std::size_t kEraseDigests = 1000;     // of one objection
inline constexpr std::size_t kEraseReasonBytes = 500;  // of a hold

inline constexpr std::size_t kBatchDocuments = 256;
inline constexpr std::size_t kBatchBytes =
    1024UL * 1024;  // of documents; one larger document travels alone
inline constexpr std::size_t kBatchBytesAtFirst =
    16UL * 1024;  // until acknowledgements show what the line and the other store take
inline constexpr std::size_t kBatchBytesSlow = 32UL * 1024;  // up to here a narrow window does
inline constexpr std::size_t kFrameBytes = 4UL * 1024 * 1024;
inline constexpr std::size_t kBatchesInFlight = 6;
inline constexpr std::size_t kBatchesInFlightSlow = 2;
inline constexpr std::size_t kSubscriptions = 10'000;
inline constexpr std::size_t kFrameTextBytes = 500;  // a text for people: cut, not refused
inline constexpr std::size_t kLinkTokenBytes = 64;

inline constexpr std::size_t kBlobChunkBytes = 256UL * 1024;
inline constexpr std::size_t kBlobBytes = 100UL * 1024 * 1024;  // of one file
inline constexpr std::size_t kBlobWantsInFlight = 4;            // per session and direction
inline constexpr std::size_t kProbeRanges = 256;                // of one message
inline constexpr std::size_t kProbeListItems = 32;              // documents listed of one range
inline constexpr std::size_t kRepairDocuments = 256;            // repaired by one probing, each way
inline constexpr std::size_t kProbesAtOnce = 8;                 // of one session and direction
inline constexpr std::size_t kProbeRounds = 20;
inline constexpr std::size_t kRepairAttempts = 3;  // that bring a scope no nearer

inline constexpr std::chrono::milliseconds kStallLimit{30'000};    // no progress on an owed answer
inline constexpr std::chrono::milliseconds kSilenceLimit{45'000};  // nothing at all received
inline constexpr std::chrono::milliseconds kHeartbeat{15'000};
// Batches grow while they are acknowledged within the first, and shrink beyond the second: what is
// urgent waits behind a few seconds of what is not, on whatever line.
inline constexpr std::chrono::milliseconds kBatchQuick{1'000};
inline constexpr std::chrono::milliseconds kBatchSlow{4'000};
inline constexpr std::chrono::milliseconds kProbeRetryMin{250};  // the scope had moved
inline constexpr std::chrono::milliseconds kProbeAgain{24L * 60 * 60 * 1000};  // though unchanged
inline constexpr std::chrono::milliseconds kReconnectMin{1'000};
inline constexpr std::chrono::milliseconds kReconnectMax{60'000};

}  // namespace solidaires::limits
