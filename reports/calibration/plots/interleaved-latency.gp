# Draws interleaved-latency.svg from interleaved-latency.csv: run `gnuplot interleaved-latency.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'interleaved-latency.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured time of a dependent load and the traffic after it, 2 threads" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel 'Bandwidth at the memory (GB/s)'
set ylabel 'Time of a load and its traffic (ns)'
set xrange [0:42.11370523529328]
set yrange [0:652.9072265625]
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'interleaved-latency.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "reads, read ratio 1.0", \
  'interleaved-latency.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "copies, read ratio 0.67", \
  'interleaved-latency.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "writes, read ratio 0.50", \
  'interleaved-latency.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "non-temporal writes, read ratio 0"
